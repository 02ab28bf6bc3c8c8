using System.Text;
using ActorSync.Platform;
using ActorSync.TestKit.Network;
using ActorSync.Wire;

namespace ActorSync.Tests.Wire;

/// <summary>The edge under test with deadlines that fit a test: short where one is expected, long where not.</summary>
internal static class Edge
{
    public static readonly AccessToken Token = new("canary.access.token");

    private static readonly TimeSpan Patient = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(120);

    public static readonly HttpSettings Settings = new(Patient, Patient, Patient, MaxConnections: 4, UseProxy: false);

    public static readonly HttpSettings ShortConnect = Settings with { ConnectTimeout = Short };

    public static readonly HttpSettings ShortResponse = Settings with { ResponseTimeout = Short };

    public static readonly HttpSettings ShortIdle = Settings with { IdleTimeout = Short };

    public static HubHttp Open(HttpSettings? settings = null, Action<SocketsHttpHandler>? adjust = null)
    {
        var platform = SyncPlatform.Real();
        settings ??= Settings;
        return new HubHttp(settings, platform with { HttpHandler = adjust is null ? null : Handler });

        HttpMessageHandler Handler()
        {
            var handler = HubTransport.Create(settings, platform.Time);
            adjust(handler);
            return handler;
        }
    }

    public static HubCall Get(Uri hub, int maxAnswer = 64 << 10) => new(hub, HttpMethod.Get, HubPaths.Me, Token, MaxAnswerBytes: maxAnswer);

    public static HubCall Push(Uri hub, int bytes = 200) =>
        HubCalls.Push(hub, Token, Encoding.UTF8.GetBytes($"\"{new string('x', bytes - 2)}\""), gzip: false);

    public static async Task<HubReply> SendAsync(HubCall call, HttpSettings? settings = null, Action<SocketsHttpHandler>? adjust = null)
    {
        using var hub = Open(settings, adjust);
        return await hub.SendAsync(call, CancellationToken.None);
    }

    /// <summary>One call to a server with this script.</summary>
    public static async Task<HubReply> MeetAsync(
        Func<AdversaryConnection, Task> script,
        HttpSettings? settings = null,
        int maxAnswer = 64 << 10,
        bool push = false
    )
    {
        await using var server = AdversaryServer.Start(script);
        return await SendAsync(push ? Push(server.Address) : Get(server.Address, maxAnswer), settings);
    }

    public static Task<HubReply> MeetAsync(string answer, int maxAnswer = 64 << 10) =>
        MeetAsync(
            async connection =>
            {
                await connection.ReadRequestAsync();
                await connection.WriteAsync(answer);
                await connection.HoldAsync();
            },
            maxAnswer: maxAnswer
        );
}
