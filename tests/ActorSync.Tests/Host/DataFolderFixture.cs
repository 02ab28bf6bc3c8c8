using ActorSync.Host;
using ActorSync.Host.Terminal;

namespace ActorSync.Tests.Host;

/// <summary>A data folder of one test, gone after it.</summary>
internal sealed class DataFolderFixture : IDisposable
{
    public DataFolderFixture() => Path = Directory.CreateTempSubdirectory("actorsync-cli-").FullName;

    public string Path { get; }

    public DataFolder Folder => new(System.IO.Path.Combine(Path, "data"));

    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    public string Write(string name, byte[] bytes)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>The command line in this process, with its streams caught.</summary>
internal sealed record CliResult(int Code, string Out, string Error)
{
    public static async Task<CliResult> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var io = new HostIo
        {
            Out = output,
            Error = error,
            OpenInput = () => Stream.Null,
            Stop = CancellationToken.None,
            Variable = _ => null,
        };
        var code = await Cli.RunAsync(args, io);
        return new CliResult(code, output.ToString(), error.ToString());
    }
}
