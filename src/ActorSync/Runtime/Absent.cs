using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Hangar;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Outbox;
using ActorSync.Pull;
using ActorSync.Status;
using ActorSync.Sync;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync.Runtime;

/// <summary>Answers for a child that is not there, so that nobody waits for ever.</summary>
internal static class Absent
{
    /// <summary>True when it was a message that wants an answer.</summary>
    public static bool Answer(object message, string reason, string remedy)
    {
        switch (message)
        {
            case AuthProtocol.IAuthCommand command:
                command.ReplyTo.Tell(For(command, reason, remedy), ActorRefs.NoSender);
                return true;
            case SyncProtocol.DrainNow drain:
                drain.ReplyTo.Tell(DrainTickets.Stopped(reason, null), ActorRefs.NoSender);
                return true;
            case PullProtocol.Reconcile reconcile:
                reconcile.ReplyTo.Tell(new ReconcileReport(false, 0, false, reason), ActorRefs.NoSender);
                return true;
            case SyncProtocol.ChangeSettings change:
                change.ReplyTo.Tell(new JournalProtocol.Unavailable(reason, remedy), ActorRefs.NoSender);
                return true;
            case HangarProtocol.PushHangar push:
                push.ReplyTo.Tell(
                    new HangarOutcome(HangarOutcome.Failed, "stopped", $"{reason}; {remedy}", 0, 0, null),
                    ActorRefs.NoSender
                );
                return true;
            case OutboxProtocol.AttachOutbox attach:
                attach.ReplyTo.Tell(new JournalProtocol.Unavailable(reason, remedy), ActorRefs.NoSender);
                return true;
            case OutboxProtocol.LookAt:
                return true;
            case StatusProtocol.Explain explain:
                explain.ReplyTo.Tell(new JournalProtocol.Unavailable(reason, remedy), ActorRefs.NoSender);
                return true;
            case StatusProtocol.GetStatus get:
                get.ReplyTo.Tell(new JournalProtocol.Unavailable(reason, remedy), ActorRefs.NoSender);
                return true;
            default:
                return false;
        }
    }

    private static object For(AuthProtocol.IAuthCommand command, string reason, string remedy) =>
        command switch
        {
            AuthProtocol.GetCredential => new AuthProtocol.CurrentCredential(CredentialGeneration.None, null, null, reason),
            AuthProtocol.CredentialRefused => new AuthProtocol.Verdict.NotNow(
                new HubFailure(ErrorClass.LocalResource, PauseTexts.CredentialUnavailable, reason, remedy)
            ),
            AuthProtocol.SignOut => new AuthProtocol.SignOutRefused(PauseTexts.CredentialUnavailable, reason, remedy),
            _ => new AuthProtocol.SignInRefused(PauseTexts.CredentialUnavailable, reason, remedy),
        };
}
