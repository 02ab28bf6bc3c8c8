using System.Text;

namespace ActorSync.TestKit;

/// <summary>A secret that can be recognised wherever it leaks to, also encoded.</summary>
public sealed class Canary
{
    private readonly List<(string Form, byte[] Bytes)> _forms;

    /// <param name="secret">At least 12 characters, or it would be found by accident.</param>
    public Canary(string name, string secret)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(secret.Length, 12);
        (Name, Secret) = (name, secret);
        var utf8 = Encoding.UTF8.GetBytes(secret);
        _forms =
        [
            ("plain", utf8),
            ("UTF-16", Encoding.Unicode.GetBytes(secret)),
            ("base64", Encoding.UTF8.GetBytes(Convert.ToBase64String(utf8).TrimEnd('='))),
            ("hex", Encoding.UTF8.GetBytes(Convert.ToHexString(utf8))),
            ("hex", Encoding.UTF8.GetBytes(Convert.ToHexStringLower(utf8))),
            ("URL", Encoding.UTF8.GetBytes(Uri.EscapeDataString(secret))),
        ];
    }

    public string Name { get; }

    public string Secret { get; }

    /// <summary>A token-like text that no other canary has.</summary>
    public static Canary Plant(string name) => new(name, $"canary-{name}-{Guid.NewGuid():N}");

    /// <summary>In which form the text holds the secret; null when it does not.</summary>
    public string? FormIn(ReadOnlySpan<byte> bytes)
    {
        foreach (var (form, pattern) in _forms)
        {
            if (bytes.IndexOf(pattern) >= 0)
            {
                return form;
            }
        }

        return null;
    }

    public void ShouldBeAbsentFrom(string text, string where)
    {
        if (FormIn(Encoding.UTF8.GetBytes(text)) is { } form)
        {
            throw new ExpectationException($"the secret '{Name}' is in {where} ({form})");
        }
    }

    public void ShouldBeAbsentFrom(LogFilter log)
    {
        foreach (var line in log.Lines)
        {
            ShouldBeAbsentFrom(line.ToString(), $"the log: {line.Source} {line.Level}");
        }
    }

    /// <summary>Every file below the folder, read as it is.</summary>
    public void ShouldBeAbsentFromFolder(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            if (FormIn(File.ReadAllBytes(file)) is { } form)
            {
                throw new ExpectationException($"the secret '{Name}' is in {file} ({form})");
            }
        }
    }
}
