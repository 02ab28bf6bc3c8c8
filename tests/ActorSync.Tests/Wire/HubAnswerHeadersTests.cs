using System.Globalization;
using ActorSync.TestKit.Network;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Wire;

public sealed class HubAnswerHeadersTests
{
    [Theory]
    [InlineData("7", 7)]
    [InlineData(" 0 ", 0)]
    [InlineData("900", 900)]
    [InlineData("901", 900)]
    [InlineData("99999999999999999999", 900)]
    [InlineData("-5", null)]
    [InlineData("1.5", null)]
    [InlineData("soon", null)]
    [InlineData("", null)]
    [InlineData("Tue, 01 Jan 2019 00:00:30 GMT", 30)]
    [InlineData("Tue, 01 Jan 2019 05:00:00 GMT", 900)]
    [InlineData("Mon, 01 Jan 2018 00:00:00 GMT", 0)]
    [InlineData("Tuesday, 01-Jan-19 00:00:30 GMT", 30)]
    [InlineData("Tue, 41 Jan 2019 00:00:30 GMT", null)]
    [Trait("criterion", "D11")]
    public async Task Retry_After_is_seconds_or_a_date_by_the_hubs_own_clock(string value, int? seconds)
    {
        var headers = $"Date: Tue, 01 Jan 2019 00:00:00 GMT\r\nRetry-After: {value}\r\n";
        foreach (var status in new[] { "429 Too Many Requests", "503 Service Unavailable" })
        {
            var reply = await Edge.MeetAsync(
                AdversaryConnection.Answer(status, "application/json", """{"error":"throttled","message":"Slow."}""", headers)
            );
            reply.ShouldBeOfType<HubReply.Answered>().RetryAfter.ShouldBe(seconds is { } s ? TimeSpan.FromSeconds(s) : null);
        }
    }

    [Fact]
    public async Task Retry_After_given_twice_is_ignored()
    {
        var reply = await Edge.MeetAsync(AdversaryConnection.Answer("503 No", "text/plain", "", "Retry-After: 1\r\nRetry-After: 900\r\n"));
        reply.ShouldBeOfType<HubReply.Answered>().RetryAfter.ShouldBeNull();
    }

    [Fact]
    public async Task The_hubs_clock_is_told_where_it_matters()
    {
        var date = DateTimeOffset.UtcNow.AddHours(2).ToString("r", CultureInfo.InvariantCulture);
        var reply = await Edge.MeetAsync(
            AdversaryConnection.Answer("401 No", "application/json", """{"error":"token_expired","message":"No."}""", $"Date: {date}\r\n")
        );
        reply.ShouldBeOfType<HubReply.Answered>().Skew.ShouldNotBeNull().TotalHours.ShouldBe(2, tolerance: 0.1);
    }
}
