using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Sync;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync;

/// <summary>How a profile's façade reaches its actors: the only asking there is, always with an end.</summary>
internal sealed class ProfileLink(JournalPort journal, IHubPort hub, SyncPlatform platform, SyncOptions options)
{
    /// <summary>Opening a journal may upgrade it or go on with an interrupted shift.</summary>
    public static readonly TimeSpan StartWait = TimeSpan.FromMinutes(5);

    public static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongWait = TimeSpan.FromMinutes(30);
    public static readonly TimeSpan ReceiptRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    private volatile IActorRef? _profile;
    private volatile bool _isStopped;

    public JournalPort Journal => journal;

    public IHubPort Hub => hub;

    public JournalStatistics Statistics { get; } = new();

    public SyncPlatform Platform => platform;

    public SyncOptions Options => options;

    /// <summary>Null until the tree stands.</summary>
    public IActorRef? Profile
    {
        get => _profile;
        set => _profile = value;
    }

    /// <summary>The runtime has stopped: nothing will come any more.</summary>
    public bool IsStopped
    {
        get => _isStopped;
        set => _isStopped = value;
    }

    public OperationIdSource Ids { get; } = new(platform.Time, platform.Chance);

    public string DeviceName => options.Auth.DeviceName.Length > 0 ? options.Auth.DeviceName : Environment.MachineName;

    /// <exception cref="JournalUnavailableException">The journal is down or did not answer in time.</exception>
    public async Task<T> AskJournalAsync<T>(
        Func<IActorRef, JournalProtocol.IJournalCommand> command,
        CancellationToken cancellation,
        TimeSpan? wait = null
    ) => Expect<T>(await AskJournalOnceAsync(command, cancellation, wait ?? Wait).ConfigureAwait(false));

    /// <summary>Gives <see cref="JournalProtocol.Unavailable"/> as it came.</summary>
    /// <param name="wait">Null waits until it is answered or cancelled.</param>
    public async Task<object> AskJournalOnceAsync(
        Func<IActorRef, JournalProtocol.IJournalCommand> command,
        CancellationToken cancellation,
        TimeSpan? wait = null
    )
    {
        if (journal.Actor is not { } actor)
        {
            return journal.WhyDown;
        }

        var asker = ActorRefs.NoSender;
        var answer = AskAsync(actor, replyTo => command(asker = replyTo), wait ?? Timeout.InfiniteTimeSpan, cancellation);
        // It went down meanwhile, and with it perhaps everybody who answers for it. The first answer is the one that counts.
        if (!ReferenceEquals(actor, journal.Actor))
        {
            asker.Tell(journal.WhyDown, ActorRefs.NoSender);
        }

        return await answer.ConfigureAwait(false);
    }

    public async Task<T> AskProfileAsync<T>(Func<IActorRef, object> question, CancellationToken cancellation, TimeSpan? wait = null) =>
        Profile is { } profile
            ? Expect<T>(await AskAsync(profile, question, wait ?? Wait, cancellation).ConfigureAwait(false))
            : Expect<T>(journal.WhyDown);

    /// <summary>Whether the hub holds the operation; null when it cannot be asked now.</summary>
    public async Task<bool?> HubHoldsAsync(OperationId operation, CancellationToken cancellation)
    {
        var credential = await AskProfileAsync<AuthProtocol.CurrentCredential>(
                replyTo => new AuthProtocol.GetCredential(replyTo),
                cancellation
            )
            .ConfigureAwait(false);
        if (credential is not { Token: { } token, Binding.Hub: { } address })
        {
            return null;
        }

        var reply = await hub.SendAsync(HubCalls.OpById(address, token, operation), cancellation).ConfigureAwait(false);
        switch (HubAnswers.OpById(reply))
        {
            case HubResult<HubOperation?>.Value held:
                return held.Content is not null;
            case HubResult<HubOperation?>.Refused { Class: ErrorClass.AuthInvalid or ErrorClass.AuthForbidden } refused:
                Profile?.Tell(new SyncProtocol.CredentialDoubted(credential.Generation, refused.Code), ActorRefs.NoSender);
                return null;
            default:
                return null;
        }
    }

    private static async Task<object> AskAsync(
        IActorRef actor,
        Func<IActorRef, object> question,
        TimeSpan wait,
        CancellationToken cancellation
    )
    {
        try
        {
            return await actor.Ask<object>(question, wait, cancellation).ConfigureAwait(false);
        }
        catch (AskTimeoutException late)
        {
            throw new JournalUnavailableException(
                $"no answer within {wait.TotalSeconds:0} s",
                "look at 'actorsync status', then try again",
                late
            );
        }
    }

    private static T Expect<T>(object answer) =>
        answer switch
        {
            JournalProtocol.Unavailable why => throw new JournalUnavailableException(why.Reason, why.Remedy),
            T expected => expected,
            Akka.Actor.Status.Failure failure => throw new JournalUnavailableException(failure.Cause.Message, inner: failure.Cause),
            _ => throw new InvalidOperationException($"an answer of type {answer.GetType().Name} was not expected"),
        };
}
