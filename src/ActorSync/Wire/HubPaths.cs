namespace ActorSync.Wire;

/// <summary>Where the protocol's calls live, relative to the hub's address.</summary>
internal static class HubPaths
{
    public const string Ops = "/api/v1/sync/ops";
    public const string Snapshot = "/api/v1/sync/snapshot";
    public const string Wake = "/api/v1/sync/ws";
    public const string Ack = "/api/v1/sync/ack";
    public const string Digest = "/api/v1/sync/digest";
    public const string Me = "/v1/auth/me";
    public const string Refresh = "/v1/auth/refresh";
    public const string Redeem = "/v1/auth/devices/redeem";
    public const string Token = "/v1/auth/token";
    public const string Authorize = "/authorize";
    public const string SelfDevice = "/v1/auth/devices/self";
    public const string Hangar = "/v1/me/hangar";
    public const string Health = "/health";
}
