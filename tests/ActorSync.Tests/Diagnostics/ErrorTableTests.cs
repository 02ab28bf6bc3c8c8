using ActorSync.Diagnostics;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Diagnostics;

[Trait("criterion", "H8")]
public sealed class ErrorTableTests
{
    private const int Times = 5;

    public static TheoryData<string> Names => [.. ErrorTable.Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_real_failure_has_its_class_and_code(string name)
    {
        var (expected, code, meet) = ErrorTable.Cases[name];
        foreach (var reply in await Task.WhenAll(Enumerable.Range(0, Times).Select(_ => meet())))
        {
            var failure = FailureOf(reply);
            failure.Class.ShouldBe(expected, failure.ToString());
            code.Split('|').ShouldContain(failure.Code, StringComparer.Ordinal, failure.ToString());
            failure.Message.ShouldNotBeNullOrWhiteSpace();
            failure.Remedy.ShouldNotBeNullOrWhiteSpace();
        }
    }

    [Fact]
    public void Only_401_with_our_envelope_and_a_known_code_is_an_invalid_credential() =>
        ErrorTable
            .Cases.Where(one => one.Value.Class == ErrorClass.AuthInvalid)
            .Select(one => one.Key)
            .ShouldBe(
                ["a 401 of ours, token_expired", "a 401 of ours, token_revoked", "a 401 of ours, revoked, by a clock that is off"],
                ignoreOrder: true
            );

    [Fact]
    public void Every_class_that_the_network_can_give_is_in_the_table() =>
        Enum.GetValues<ErrorClass>()
            .Except(ErrorTable.Cases.Values.Select(one => one.Class))
            .ShouldBe([
                // Local ones: StorageErrorTests and LocalErrorTests. Cancelled and Unknown: ErrorClassifierTests.
                ErrorClass.Unknown,
                ErrorClass.Cancelled,
                ErrorClass.LocalPermission,
                ErrorClass.LocalResource,
                ErrorClass.StorageBusy,
                ErrorClass.StorageCorrupt,
                ErrorClass.StorageFull,
            ]);

    private static HubFailure FailureOf(HubReply reply) =>
        reply is HubReply.Failed failed ? failed.Failure : AnswerClassifier.Classify((HubReply.Answered)reply);
}
