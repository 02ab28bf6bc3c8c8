using Shouldly;
using Xunit;

namespace ActorSync.Tests.Wire;

[Collection(Alone.Name)]
public sealed class AnnouncedBodyTests
{
    [Fact]
    public async Task What_is_announced_is_not_made_room_for_before_it_comes()
    {
        var before = GC.GetTotalAllocatedBytes();
        await Edge.MeetAsync(
            async connection =>
            {
                await connection.ReadRequestAsync();
                await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900000000\r\n\r\n{");
            },
            maxAnswer: 1_000_000_000
        );
        (GC.GetTotalAllocatedBytes() - before).ShouldBeLessThan(500 << 20);
    }
}
