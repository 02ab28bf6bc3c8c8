using System.Text.Json;
using ActorSync.Wire;

namespace ActorSync.Host.Demo;

/// <summary>What the hub holds, counted by reading all of it back over HTTP.</summary>
internal sealed record HubContents(long Operations, long Sets, long Inserts, long Deletes, long Noops, string Digest);

/// <summary>Reads a hub's log page by page, as any device would.</summary>
internal sealed class HubReader(IHubPort port, Uri hub, AccessToken token)
{
    private const int PageSize = 1000;
    private long _read;

    /// <summary>Operations read so far, for a gauge.</summary>
    public long Read => Volatile.Read(ref _read);

    /// <exception cref="SyncException">The hub does not answer, or not in the protocol's way.</exception>
    public async Task<HubContents> ReadAllAsync(CancellationToken cancellation)
    {
        var (sets, inserts, deletes, noops) = (0L, 0L, 0L, 0L);
        OpsPage page;
        for (var since = 0L; ; since = page.LastId)
        {
            var reply = await port.SendAsync(HubCalls.OpsPage(hub, token, since, head: null, PageSize), cancellation);
            page = Value(HubAnswers.OpsPage(reply));
            foreach (var op in page.Ops)
            {
                switch (KindOf(op.Raw.Span))
                {
                    case 's':
                        sets++;
                        break;
                    case 'i':
                        inserts++;
                        break;
                    case 'd':
                        deletes++;
                        break;
                    default:
                        noops++;
                        break;
                }
            }

            Volatile.Write(ref _read, sets + inserts + deletes + noops);
            if (!page.HasMore)
            {
                break;
            }

            if (page.LastId <= since)
            {
                throw new SyncException("protocol", $"the hub's pages do not advance behind {since}", "report this with the hub's log");
            }
        }

        var digest = Value(HubAnswers.Digest(await port.SendAsync(HubCalls.Digest(hub, token), cancellation)));
        return new HubContents(Read, sets, inserts, deletes, noops, digest.Digest);
    }

    // The first letter tells the four kinds apart.
    private static char KindOf(ReadOnlySpan<byte> operation)
    {
        var json = new Utf8JsonReader(operation);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isOp = json.ValueTextEquals("op"u8);
            json.Read();
            if (isOp)
            {
                return json.TokenType == JsonTokenType.String && json.ValueSpan is [var first, ..] ? (char)first : 'n';
            }

            json.Skip();
        }

        return 'n';
    }

    private static T Value<T>(HubResult<T> result) =>
        result switch
        {
            HubResult<T>.Value value => value.Content,
            HubResult<T>.Refused refused => throw new SyncException(refused.Code, $"the hub refused: {refused.Message}", "pair again"),
            HubResult<T>.Failed { Failure: var f } => throw new SyncException("hub_unreachable", f.Message, f.Remedy),
            _ => throw new InvalidOperationException("a result of no kind"),
        };
}
