using System.Text;
using ActorSync.Platform;

namespace ActorSync.Host.Control;

/// <summary>The secret of the control API on a network: a file in the data folder that only its owner may read.</summary>
internal static class ControlToken
{
    private const int Bytes = 32;
    private const int MaxFile = 1024;

    public static string FileOf(DataFolder folder) => Path.Combine(folder.Path, "control.token");

    /// <summary>The token of the folder, made when there is none.</summary>
    public static string Ensure(DataFolder folder, IChance chance)
    {
        folder.Create();
        var path = FileOf(folder);
        if (SecretFile.Read(path, MaxFile) is { Length: > 0 } kept)
        {
            return Text(path, kept);
        }

        var secret = new byte[Bytes];
        chance.Fill(secret);
        var token = Convert.ToHexStringLower(secret);
        SecretFile.Write(path, Encoding.ASCII.GetBytes(token));
        return token;
    }

    /// <exception cref="SyncException">Code <c>usage</c>: there is no token in that file.</exception>
    public static string Read(string flag, string path)
    {
        try
        {
            return SecretFile.Read(path, MaxFile) is { } bytes
                ? Text(path, bytes)
                : throw Failures.Usage(flag, $"there is no file {path}", "copy control.token of the host's data folder");
        }
        catch (SecretFileException failure)
        {
            throw Failures.Usage(flag, failure.Message, "copy control.token of the host's data folder");
        }
    }

    private static string Text(string path, byte[] bytes)
    {
        var token = Encoding.ASCII.GetString(bytes).Trim();
        return token.Length == Bytes * 2 && token.All(char.IsAsciiHexDigitLower)
            ? token
            : throw new SyncException(
                "control_token",
                $"{path} holds no control token",
                "remove it; the next 'actorsync run --control' makes one"
            );
    }
}
