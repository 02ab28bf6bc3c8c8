using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Model;
using ActorSync.Wire;
using Shouldly;
using Command = ActorSync.Auth.AuthState.Command;
using Event = ActorSync.Auth.AuthState.Event;

namespace ActorSync.Tests.Auth;

/// <summary>A random life of a credential, with an oracle of its own: what is signed in, and which refresh is in flight.</summary>
internal sealed class AuthStateWalk
{
    private static readonly DeviceId Device = new("device-1");
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly HubFailure Offline = new(ErrorClass.TransientNetwork, "dns", "no such host", "nothing");
    private AuthState _state = new(StoredCredential.Nothing, Device);
    private DateTimeOffset _now = Start;
    private long _highest;
    private bool _signedIn;
    private CredentialGeneration? _inFlight;
    private int _tokens;

    public static TokenGrant Fresh(int number) =>
        new(new AccessToken($"a{number}"), $"r{number}", TimeSpan.FromMinutes(15), "acc", null, Device);

    public static StoredCredential SignedIn() =>
        new()
        {
            Hub = new Uri("https://hub/"),
            Account = "acc",
            Origin = CredentialOrigin.Paired,
            Access = new AccessToken("a0"),
            Refresh = new RefreshToken("r0"),
            ObtainedAt = Start,
            ExpiresAt = Start.AddMinutes(15),
        };

    public void Step(int kind, int detail)
    {
        // Now and then the clock goes back.
        _now += TimeSpan.FromSeconds((detail % 400) - 40);
        var generation = new CredentialGeneration(Math.Max(0, _state.Stored.Generation.Value - (detail % 3)));
        var before = _state;
        Command command = (kind % 9) switch
        {
            0 => new Command.SignIn(SignedIn() with { ObtainedAt = _now, ExpiresAt = _now.AddMinutes(15) }),
            1 => new Command.SignOut(),
            2 => new Command.BeginPairing(new PendingPairing("digest", $"{detail}")),
            3 or 4 => new Command.Renew(_now),
            5 => new Command.Refuse(generation, detail % 5 == 0 ? "sync_disabled" : "token_expired", _now),
            6 => new Command.TakeRenewed(generation, Fresh(++_tokens), _now),
            7 => new Command.TakeFailure(generation, Offline, _now),
            _ => new Command.TakeRefreshRefused(generation, "invalid_grant"),
        };
        var decision = _state.Decide(command);
        _state = _state.Evolve(decision.Events);
        Check(command, before, decision);
    }

    private void Check(Command command, AuthState before, AuthState.Decision decision)
    {
        var generation = _state.Stored.Generation.Value;
        generation.ShouldBeInRange(_highest, _highest + 1);
        _highest = generation;

        if (
            command is Command.TakeRenewed or Command.TakeFailure or Command.TakeRefreshRefused
            && GenerationOf(command) != before.Stored.Generation
        )
        {
            _state.ShouldBe(before, "a late answer changed something");
        }

        if (decision.Events.OfType<Event.RenewalStarted>().Any())
        {
            _inFlight.ShouldBeNull("two refreshes in flight");
            _signedIn.ShouldBeTrue("a refresh without a credential");
            _inFlight = before.Stored.Generation;
        }

        switch (command)
        {
            case Command.SignIn:
                (_signedIn, _inFlight) = (true, null);
                break;
            case Command.SignOut:
                (_signedIn, _inFlight) = (false, null);
                break;
            case Command.TakeRenewed
            or Command.TakeFailure
            or Command.TakeRefreshRefused when GenerationOf(command) == before.Stored.Generation:
                _inFlight = null;
                break;
            case Command.Refuse refuse when decision.Verdict is null:
                _inFlight.ShouldBe(refuse.Generation, "somebody waits and no refresh is in flight");
                break;
        }

        (_state.Stored.Access is not null).ShouldBe(_signedIn, "only a sign-in brings a credential, and only a sign-out takes it");
        _state.Renewing.ShouldBe(_inFlight);
    }

    private static CredentialGeneration? GenerationOf(Command command) =>
        command switch
        {
            Command.TakeRenewed c => c.Generation,
            Command.TakeFailure c => c.Generation,
            Command.TakeRefreshRefused c => c.Generation,
            _ => null,
        };
}
