namespace ActorSync.Diagnostics;

/// <summary>What a failure means for us. Only <see cref="AuthInvalid"/> may lead to auth loss, and it needs positive evidence.</summary>
internal enum ErrorClass
{
    Unknown = 0,
    Cancelled,
    TransientNetwork,
    TransientServer,
    Throttled,
    TlsHandshake,
    TlsTrust,
    ClockSkew,
    CaptivePortal,
    Proxy,
    LocalPermission,
    LocalResource,
    Protocol,
    AuthInvalid,
    AuthForbidden,
    StorageBusy,
    StorageCorrupt,
    StorageFull,
}
