using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Pull;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Pull;

/// <summary>The course against hubs that answer anything.</summary>
public sealed class PullCourseTests
{
    private static readonly string Head = new('a', 64);

    [Fact]
    [Trait("criterion", "P10")]
    public void Whatever_a_hub_answers_a_pass_comes_to_an_end_and_goes_only_forward()
    {
        for (var seed = 1; seed <= 2000; seed++)
        {
            Walk(new Random(seed), seed);
        }
    }

    [Fact]
    public void A_snapshot_comes_before_pages_and_pages_before_what_the_hub_lacks()
    {
        var course = new PullCourseState { Compares = true };
        course.Next().ShouldBe(PullStep.Open);
        course = course with { Place = Place(0, needsSnapshot: true, hasRelay: true) };
        course.Next().ShouldBe(PullStep.Snapshot);
        course = course.SnapshotTaken(Place(5, hasRelay: true));
        course.Next().ShouldBe(PullStep.Page);
        course = course.PageTaken(Place(6, hasRelay: true), hasMore: false);
        course.Next().ShouldBe(PullStep.Relay);
        course = course with { Place = Place(8) };
        course.Next().ShouldBe(PullStep.Compare);
        (course, var equal) = course.Compared(new HubDigest(8, Head, new Dictionary<string, string>()), Head);
        equal.ShouldBe(true);
        course.Next().ShouldBe(PullStep.Ack);
        (course with { Acked = 8 }).Next().ShouldBe(PullStep.Done);
    }

    private static void Walk(Random random, int seed)
    {
        var course = new PullCourseState
        {
            Place = Place(random.Next(3), needsSnapshot: random.Next(2) == 0),
            Compares = random.Next(2) == 0,
        };
        for (var steps = 0; course.Next() != PullStep.Done; steps++)
        {
            steps.ShouldBeLessThan(500, $"seed {seed}");
            var before = course.Place!.Position;
            switch (course.Next())
            {
                case PullStep.Snapshot:
                    course = course.SnapshotTaken(Place(random.Next(20), hasRelay: random.Next(2) == 0));
                    continue;
                case PullStep.Page when random.Next(8) == 0:
                    (course, var loop) = course.Resync();
                    if (loop is not null)
                    {
                        return;
                    }

                    continue;
                case PullStep.Page:
                    var page = APage(random, before);
                    if (course.FaultOf(page) is not null)
                    {
                        return;
                    }

                    course = course.PageTaken(Place(page.LastId, hasRelay: random.Next(4) == 0), page.HasMore);
                    break;
                case PullStep.Relay:
                    course = course with { Place = course.Place with { HasRelay = false } };
                    break;
                case PullStep.Compare:
                    (course, _) = course.Compared(
                        new HubDigest(random.Next(20), random.Next(3) == 0 ? Head : "other", new Dictionary<string, string>()),
                        Head
                    );
                    break;
                default:
                    course = course with { Acked = course.Place.Position };
                    break;
            }

            course.Place!.Position.ShouldBeGreaterThanOrEqualTo(before, $"seed {seed}");
        }
    }

    private static OpsPage APage(Random random, long since)
    {
        var ops = Enumerable
            .Range(0, random.Next(3))
            .Select(i => new PulledOp(since + i + random.Next(0, 3), new OperationId(Guid.NewGuid()), new DeviceId("d"), 1, default))
            .ToList();
        return new OpsPage(ops, since + random.Next(-1, 6), Head, random.Next(3) > 0);
    }

    private static PullPlace Place(long position, bool needsSnapshot = false, bool hasRelay = false) =>
        new(position, Head, position, Head, needsSnapshot, hasRelay, new DeviceId("d"));
}
