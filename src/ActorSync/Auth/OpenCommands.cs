using ActorSync.Model;
using Akka.Actor;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Auth;

/// <summary>The commands that still want an answer. Each gets exactly one, a crash included.</summary>
internal sealed class OpenCommands
{
    // By reference: two equal commands of one asker want two answers.
    private readonly List<IAuthCommand> _open = [];

    public void Add(IAuthCommand command) => _open.Add(command);

    public IReadOnlyList<T> OfType<T>() => [.. Enumerable.OfType<T>(_open)];

    public void Answer(IAuthCommand command, object reply)
    {
        var at = _open.FindIndex(x => ReferenceEquals(x, command));
        if (at < 0)
        {
            throw new InvalidOperationException($"{command.GetType().Name} was answered already");
        }

        _open.RemoveAt(at);
        command.ReplyTo.Tell(reply);
    }

    public void RefuseAll(string why)
    {
        foreach (var command in _open)
        {
            Refuse(command, why);
        }

        _open.Clear();
    }

    /// <summary>Answers a command that no incarnation of the owner will answer; for its parent.</summary>
    public static void Refuse(IAuthCommand command, string why) =>
        Refuse(command, new CredentialUnavailableException(why, "try again in a moment"));

    public static void Refuse(IAuthCommand command, CredentialUnavailableException problem) =>
        command.ReplyTo.Tell(Refusal(command, problem), ActorRefs.NoSender);

    public static object Refusal(IAuthCommand command, CredentialUnavailableException problem) =>
        command switch
        {
            GetCredential => new CurrentCredential(
                new CredentialGeneration(problem.KnownGeneration),
                null,
                null,
                $"{problem.Message}; {problem.Remedy}"
            ),
            CredentialRefused => new Verdict.NotNow(RefusalCodes.StoreFailure(problem)),
            GetLostCredential => new CurrentCredential(new CredentialGeneration(problem.KnownGeneration), null, null, problem.Message),
            ILossCommand => new LossRefused(CredentialUnavailableException.Code, problem.Message),
            SignOut or Unpair => new SignOutRefused(CredentialUnavailableException.Code, problem.Message, problem.Remedy),
            _ => RefusalCodes.Unavailable(problem),
        };
}
