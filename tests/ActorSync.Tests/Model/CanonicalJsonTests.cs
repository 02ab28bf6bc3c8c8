using System.Text;
using System.Text.Json;
using ActorSync.Model;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Model;

public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData("", "null")]
    [InlineData(" null\n", "null")]
    [InlineData("-0.0E+1", "-0.0E+1")]
    [InlineData("{\"b\" : 1 ,\t\"a\":[ true , false ]}", "{\"a\":[true,false],\"b\":1}")]
    [InlineData("{\"b\":{\"d\":1,\"c\":2},\"a\":3}", "{\"a\":3,\"b\":{\"c\":2,\"d\":1}}")]
    [InlineData("\"\\u0041\\/\\u00e9\\ud83d\\ude00\"", "\"A/é😀\"")]
    [InlineData("\"\\u0008\\u000A\\u001F\\u0022\\u005c\\u007f\"", "\"\\b\\n\\u001f\\\"\\\\\u007f\"")]
    [InlineData("{\"\\u0062\":1,\"a\":2}", "{\"a\":2,\"b\":1}")]
    // Sorted by what the key is, not by how it is spelt: a tab comes before a letter, a quote before a letter, U+FFFF before U+10000.
    [InlineData("{\"A\":1,\"\\t\":2,\"\\\"\":3}", "{\"\\t\":2,\"\\\"\":3,\"A\":1}")]
    [InlineData("{\"𐀀\":1,\"\uffff\":2}", "{\"\uffff\":2,\"𐀀\":1}")]
    [InlineData("{\"ab\":1,\"a\":2,\"\":3}", "{\"\":3,\"a\":2,\"ab\":1}")]
    public void The_canonical_form_is_sorted_compact_and_minimally_escaped(string json, string canonical) =>
        Normalize(json).ShouldBe(canonical);

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}", "repeats a key at byte 7")]
    [InlineData("{\"a\":1,\"b\":2,\"\\u0061\":3}", "repeats a key at byte 13")]
    [InlineData("{\"a\":{\"x\":1,\"y\":0,\"x\":1}}", "repeats a key at byte 18")]
    [InlineData("\"\\ud800\"", "half of a surrogate pair at byte 1")]
    [InlineData("\"\\udc00\\ud800\"", "half of a surrogate pair at byte 1")]
    [InlineData("\"\\ud800\\u0041\"", "half of a surrogate pair at byte 1")]
    [InlineData("01", "something follows the value at byte 1")]
    [InlineData("1.", "ends too early, at byte 2")]
    [InlineData("-", "ends too early, at byte 1")]
    [InlineData("1e", "ends too early, at byte 2")]
    [InlineData("+1", "unexpected 0x2b at byte 0")]
    [InlineData("[1,]", "unexpected 0x5d at byte 3")]
    [InlineData("{\"a\":1,}", "unexpected 0x7d at byte 7")]
    [InlineData("{a:1}", "unexpected 0x61 at byte 1")]
    [InlineData("[1 2]", "unexpected 0x32 at byte 3")]
    [InlineData("nul", "unexpected 0x6e at byte 0")]
    [InlineData("NaN", "unexpected 0x4e at byte 0")]
    [InlineData("\"\\x\"", "unknown escape at byte 1")]
    [InlineData("\"\\u12g4\"", "four hex digits at byte 1")]
    [InlineData("\"\n\"", "control character stands unescaped in a string at byte 1")]
    [InlineData("\"abc", "begins at byte 0")]
    [InlineData("\"\\", "unknown escape at byte 1")]
    [InlineData("{} {}", "something follows the value at byte 3")]
    [InlineData("\ufeff1", "unexpected 0xef at byte 0")]
    [InlineData(" ", "ends too early, at byte 1")]
    public void What_is_no_json_is_refused_with_the_byte(string json, string fault)
    {
        CanonicalJson.TryNormalize(Encoding.UTF8.GetBytes(json), out _, out var said).ShouldBeFalse();
        said.ShouldEndWith(fault);
    }

    [Theory]
    [InlineData(new byte[] { (byte)'"', 0xC3, (byte)'"' })]
    [InlineData(new byte[] { (byte)'"', 0xC0, 0xAF, (byte)'"' })]
    [InlineData(new byte[] { (byte)'"', 0xED, 0xA0, 0x80, (byte)'"' })]
    [InlineData(new byte[] { (byte)'"', (byte)'a', 0xF5, 0x80, 0x80, 0x80, (byte)'"' })]
    public void Broken_utf8_is_refused(byte[] json)
    {
        CanonicalJson.TryNormalize(json, out _, out var fault).ShouldBeFalse();
        fault.ShouldStartWith("is no UTF-8 at byte");
    }

    [Fact]
    public void Twenty_eight_levels_are_read_and_one_more_is_refused()
    {
        var deepest = new string('[', 28) + new string(']', 28);
        Normalize(deepest).ShouldBe(deepest);
        CanonicalJson.TryNormalize(Encoding.UTF8.GetBytes($"[{deepest}]"), out _, out var fault).ShouldBeFalse();
        fault.ShouldBe("nests deeper than 28 levels at byte 28");
    }

    [Fact]
    public void What_is_canonical_comes_back_as_the_same_memory_without_allocating()
    {
        ReadOnlyMemory<byte> json = Encoding.UTF8.GetBytes(
            "{\"after\":\"122@writer-1\",\"n\":[1,-2.5e3,null],\"text\":\"naïve \\n \\u001f\",\"value\":{\"x\":true}}"
        );
        CanonicalJson.TryNormalize(json, out var canonical, out _).ShouldBeTrue();
        canonical.Equals(json).ShouldBeTrue();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            CanonicalJson.TryNormalize(json, out _, out _);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void Any_spelling_of_a_value_has_the_canonical_form_that_a_plain_serializer_gives() =>
        Prop.ForAll(
                Gen.Choose(0, int.MaxValue).ToArbitrary(),
                seed =>
                {
                    var random = new Random(seed);
                    var value = Json.Value(random, 4);
                    var expected = Json.Canonical(value);
                    var spelt = Json.Spell(value, random);
                    Normalize(spelt).ShouldBe(expected, customMessage: spelt);
                    Normalize(expected).ShouldBe(expected);
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void Damaged_json_is_judged_as_another_reader_judges_it() =>
        Prop.ForAll(
                Gen.Choose(0, int.MaxValue).ToArbitrary(),
                seed =>
                {
                    var random = new Random(seed);
                    var bytes = Encoding.UTF8.GetBytes(Json.Spell(Json.Value(random, 3), random));
                    for (var i = random.Next(1, 4); i > 0 && bytes.Length > 0; i--)
                    {
                        bytes[random.Next(bytes.Length)] = "{}[]\",:\\0e-. tu"u8[random.Next(15)];
                    }

                    var ours = CanonicalJson.TryNormalize(bytes, out var canonical, out var fault);
                    ours.ShouldBe(Json.IsReadable(bytes), $"{Encoding.UTF8.GetString(bytes)}: {fault}");
                    if (ours)
                    {
                        CanonicalJson.TryNormalize(canonical, out var again, out _).ShouldBeTrue();
                        again.Equals(canonical).ShouldBeTrue();
                    }
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));

    private static string Normalize(string json)
    {
        CanonicalJson.TryNormalize(Encoding.UTF8.GetBytes(json), out var canonical, out var fault).ShouldBeTrue(fault);
        return Encoding.UTF8.GetString(canonical.Span);
    }
}

/// <summary>Random values, an independent canonical writer, and odd spellings of the same value.</summary>
file static class Json
{
    private static readonly string[] Texts =
    [
        "",
        "a",
        "b",
        "aa",
        "\t",
        "\"",
        "\\",
        "/",
        "\u0001",
        "\u007f",
        "é",
        "ÿ",
        "\uffff",
        "😀",
        "key",
        "A\nB",
    ];
    private static readonly string[] Numbers = ["0", "-1", "1.0", "1e5", "-2.50E-3", "12345678901234567890123"];

    public static object? Value(Random random, int depth) =>
        random.Next(depth > 0 ? 7 : 5) switch
        {
            0 => null,
            1 => true,
            2 => false,
            3 => new Number(Numbers[random.Next(Numbers.Length)]),
            4 => Text(random),
            5 => Enumerable.Range(0, random.Next(4)).Select(_ => Value(random, depth - 1)).ToArray(),
            _ => Enumerable
                .Range(0, random.Next(5))
                .Select(_ => Text(random))
                .Distinct(StringComparer.Ordinal)
                .Select(key => new KeyValuePair<string, object?>(key, Value(random, depth - 1)))
                .ToArray(),
        };

    public static string Canonical(object? value) => Write(value, sorted: true, _ => "", Escape);

    public static string Spell(object? value, Random random) =>
        Write(
            value,
            sorted: false,
            _ => random.Next(4) == 0 ? " \t\r\n"[..random.Next(5)] : "",
            c =>
                random.Next(3) == 0 ? Hex(c, random.Next(2) == 0 ? "x4" : "X4")
                : c.Value == '/' && random.Next(2) == 0 ? "\\/"
                : Escape(c)
        );

    private static string Hex(Rune rune, string format) => string.Concat(rune.ToString().Select(c => "\\u" + ((int)c).ToString(format)));

    public static bool IsReadable(byte[] bytes)
    {
        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 28 });
            var keys = new Stack<HashSet<string>>();
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject:
                        keys.Push([]);
                        break;
                    case JsonTokenType.EndObject:
                        keys.Pop();
                        break;
                    case JsonTokenType.PropertyName when !keys.Peek().Add(reader.GetString()!):
                        return false;
                    case JsonTokenType.String:
                        reader.GetString();
                        break;
                }
            }

            return true;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string Text(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(3)).Select(_ => Texts[random.Next(Texts.Length)]));

    private static string Write(object? value, bool sorted, Func<int, string> blank, Func<Rune, string> escape) =>
        blank(0)
        + value switch
        {
            null => "null",
            bool flag => flag ? "true" : "false",
            Number number => number.Text,
            string text => Quote(text, escape),
            object?[] items => $"[{string.Join(',', items.Select(i => Write(i, sorted, blank, escape)))}{blank(0)}]",
            KeyValuePair<string, object?>[] members =>
                $"{{{string.Join(',', Order(members, sorted).Select(m => blank(0) + Quote(m.Key, escape) + blank(0) + ":" + Write(m.Value, sorted, blank, escape)))}{blank(0)}}}",
            _ => throw new InvalidOperationException(value.ToString()),
        }
        + blank(0);

    private static IEnumerable<KeyValuePair<string, object?>> Order(KeyValuePair<string, object?>[] members, bool sorted) =>
        sorted ? members.OrderBy(m => Convert.ToHexString(Encoding.UTF8.GetBytes(m.Key)), StringComparer.Ordinal) : members;

    private static string Quote(string text, Func<Rune, string> escape) => $"\"{string.Concat(text.EnumerateRunes().Select(escape))}\"";

    private static string Escape(Rune rune) =>
        (char)Math.Min(rune.Value, char.MaxValue) switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\b' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\f' => "\\f",
            '\r' => "\\r",
            < ' ' => $"\\u{rune.Value:x4}",
            _ => rune.ToString(),
        };

    private sealed record Number(string Text);
}
