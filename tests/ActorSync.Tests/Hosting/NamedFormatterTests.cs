using ActorSync.Diagnostics;
using Akka.Event;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hosting;

public class NamedFormatterTests
{
    [Theory]
    [InlineData("Drain paused ({Reason}), next try in {Delay}", "Drain paused (Backoff), next try in 5")]
    [InlineData("{0} then {1}", "Backoff then 5")]
    [InlineData("{1} before {0}", "5 before Backoff")]
    [InlineData("{0} {0}", "Backoff Backoff")]
    [InlineData("{Count:000}|{Other:000}", "Backoff|005")]
    [InlineData("[{A,10}] [{B,-4}]", "[   Backoff] [5   ]")]
    [InlineData("{@Reason} {$Delay}", "Backoff 5")]
    [InlineData("{{not a hole}} {Reason}", "{not a hole} Backoff")]
    [InlineData("{Reason} {Delay} {Missing}", "Backoff 5 {Missing}")]
    [InlineData("{5}", "{5}")]
    [InlineData("open { and {Reason", "open { and {Reason")]
    [InlineData("} {Reason}", "} Backoff")]
    [InlineData("{} {Reason}", "{} Backoff")]
    [InlineData("{\"json\":1} {Reason}", "{\"json\":1} Backoff")]
    [InlineData("", "")]
    public void A_template_is_filled_and_never_throws(string template, string line) =>
        NamedFormatter.Instance.Format(template, "Backoff", 5).ShouldBe(line);

    [Fact]
    public void A_value_that_cannot_be_shown_does_not_take_the_line_with_it() =>
        NamedFormatter
            .Instance.Format("{A} {B} {C}", new Unshowable(), null!, new InvalidDataException("bad"))
            .ShouldBe("(Unshowable cannot be shown: NotSupportedException) null InvalidDataException: bad");

    [Fact]
    public void Numbers_and_times_are_written_the_same_everywhere() =>
        NamedFormatter.Instance.Format("{A} {B} {C:N1}", 1.5, TimeSpan.FromSeconds(90), 1234.56).ShouldBe("1.5 00:01:30 1,234.6");

    [Fact]
    public void A_log_message_gives_its_template_and_properties()
    {
        var rendered = NamedFormatter.Render(new LogMessage(NamedFormatter.Instance, "{Lane} took {Count}", "bulk", 17));

        rendered.Text.ShouldBe("bulk took 17");
        rendered.Template.ShouldBe("{Lane} took {Count}");
        rendered.Properties.ShouldBe([new("Lane", "bulk"), new("Count", 17)]);
    }

    [Fact]
    public void Names_given_to_the_formatter_of_Akka_are_shown_unfilled()
    {
        var message = new LogMessage(DefaultLogMessageFormatter.Instance, "paused ({Reason})", "x");

        Should.Throw<FormatException>(() => message.ToString());
        NamedFormatter.Render(message).Text.ShouldBe("paused ({Reason})");
    }

    [Fact]
    public void An_object_reaches_a_sink_as_its_own_text_so_that_no_secret_in_it_is_taken_apart()
    {
        var rendered = NamedFormatter.Render(
            new LogMessage(NamedFormatter.Instance, "with {Token}", new ActorSync.Wire.AccessToken("eyJsecret"))
        );

        rendered.Properties.ShouldBe([new("Token", "AccessToken(hidden)")]);
        rendered.Text.ShouldNotContain("eyJsecret");
    }

    private sealed class Unshowable
    {
        public override string ToString() => throw new NotSupportedException();
    }
}
