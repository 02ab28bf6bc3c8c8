namespace ActorSync.Auth;

/// <summary>How a credential ends, and what is kept of it.</summary>
internal sealed partial record AuthState
{
    /// <summary>The token of a loss, for asking the hub whether it takes it again; nothing else is sent with it.</summary>
    public AuthProtocol.CurrentCredential LostCredential =>
        Stored is { Loss: { } loss, Hub: { } hub } && Stored.Device == Device
            ? new AuthProtocol.CurrentCredential(
                Stored.Generation,
                loss.Token,
                new AuthProtocol.Binding(hub, Stored.Account, Stored.Handle, loss.ExpiresAt, CanRefresh: false),
                null
            )
            : new AuthProtocol.CurrentCredential(Stored.Generation, null, null, null);

    // Compare and clear: of a credential that is not the stored one nothing can be lost.
    private Decision Lose(Command.DeclareLost lost) =>
        lost.Generation == Stored.Generation && Stored.Access is { } token
            ? Store(
                Left(
                    new CredentialLoss(
                        lost.Code,
                        lost.Text,
                        lost.Now,
                        token,
                        Stored.Refresh,
                        Stored.RefreshRefused,
                        Stored.Origin,
                        Stored.ObtainedAt,
                        Stored.ExpiresAt
                    ),
                    Stored.Debt
                )
            )
            : Decision.Nothing;

    private Decision Restore(Command.EndLoss ended) =>
        ended.Generation == Stored.Generation && Stored.Loss is { } loss
            ? Store(
                Stored with
                {
                    Generation = Next,
                    Access = loss.Token,
                    Refresh = loss.Refresh,
                    RefreshRefused = loss.RefreshRefused,
                    Origin = loss.Origin,
                    ObtainedAt = loss.ObtainedAt,
                    ExpiresAt = loss.ExpiresAt,
                    Loss = null,
                }
            )
            : Decision.Nothing;

    private Decision SignOut() =>
        Stored is { Access: null, Pairing: null, Loss: null } ? Decision.Nothing : Store(Left(loss: null, Stored.Debt));

    // A device that has left owes the hub the word of it; the token for that is the one that it had.
    private Decision Unpair() =>
        Stored switch
        {
            { Hub: { } hub, Access: { } token } when !IsForeign => Store(Left(null, new RevocationDebt(hub, token, Stored.ExpiresAt))),
            { Hub: { } hub, Loss: { } loss } when Stored.Device == Device => Store(
                Left(null, new RevocationDebt(hub, loss.Token, loss.ExpiresAt))
            ),
            _ => SignOut(),
        };

    private static Decision Store(StoredCredential next) => new(null, [new Event.Stored(next)]);

    private StoredCredential Left(CredentialLoss? loss, RevocationDebt? debt) =>
        new()
        {
            Generation = Next,
            Hub = Stored.Hub,
            Account = Stored.Account,
            Handle = Stored.Handle,
            Device = Stored.Device,
            Loss = loss,
            Debt = debt,
        };
}
