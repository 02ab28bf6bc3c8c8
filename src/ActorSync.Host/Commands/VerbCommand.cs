using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using ActorSync.Host.Control;
using ActorSync.Host.Service;
using ActorSync.Host.Terminal;

namespace ActorSync.Host.Commands;

/// <summary>A verb, or a verb's verb: what it is called, what it does, how it is used.</summary>
internal sealed class VerbCommand : Command
{
    public VerbCommand(string name, string description, params string[] examples)
        : base(name, description) => Examples = examples;

    /// <summary>Each begins with <c>actorsync</c>; a test parses them all.</summary>
    public IReadOnlyList<string> Examples { get; }

    public VerbCommand Runs(Func<VerbCall, Task<int>> run)
    {
        SetAction((parsed, stop) => run(new VerbCall(parsed, stop)));
        return this;
    }
}

/// <summary>Carries our edges through the parser to the verb.</summary>
internal sealed class HostInvocation : InvocationConfiguration
{
    public HostInvocation(HostIo io) => (Io, Output, Error) = (io, io.Out, io.Error);

    public HostIo Io { get; }
}

/// <summary>One use of a verb: its arguments, its surroundings, its way to the profile.</summary>
internal sealed class VerbCall(ParseResult parsed, CancellationToken stop)
{
    private DataFolder? _folder;

    public HostIo Io { get; } = ((HostInvocation)parsed.InvocationConfiguration).Io;

    public CancellationToken Stop { get; } = stop;

    public bool Json => parsed.GetValue<bool>("--json");

    /// <summary>The one that was named, else the folder's default.</summary>
    public string Profile => GivenProfile ?? ProfileBook.Default(Folder);

    /// <summary>Null when the default is meant.</summary>
    public string? GivenProfile => parsed.GetValue<string?>("--profile");

    /// <summary>Null when it was not given.</summary>
    public RemoteAddress? Control => parsed.GetValue<string?>("--control") is { } text ? RemoteAddress.Parse("--control", text) : null;

    public DataFolder Folder => _folder ??= DataFolder.Choose(parsed.GetValue<string?>("--data"), Io.Variable);

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    public T? Get<T>(Argument<T> argument) => parsed.GetValue(argument);

    /// <summary>To the running host when there is one, else to a runtime of our own; the person is told which.</summary>
    /// <param name="need">What a runtime of our own must be able to do.</param>
    public async Task<IDoor> OpenAsync(Need need = Need.Journal)
    {
        if (await TryOpenHostAsync() is { } host)
        {
            return host;
        }

        var door = await RuntimeDoor.OpenAsync(Folder, Profile, online: need == Need.Sending, logs: null, Stop);
        Say(
            need == Need.Sending
                ? "no host is running here; sending from this process"
                : "no host is running here; working on the journal directly"
        );
        return door;
    }

    /// <summary>To the running host, for what nobody else can answer.</summary>
    /// <exception cref="SyncException">Code <c>no_host</c>.</exception>
    public async Task<ControlDoor> OpenHostAsync() => await TryOpenHostAsync() ?? throw Failures.NoHost(Folder.Path);

    /// <summary>Null when no host runs on this folder. One at an address that was given is taken at its word.</summary>
    public async Task<ControlDoor?> TryOpenHostAsync()
    {
        if (GivenProfile is { } given)
        {
            ProfileBook.Check("--profile", given);
        }

        var profile = GivenProfile ?? ControlDesk.DefaultProfile;
        if (Control is not { } address)
        {
            return await ControlDoor.TryOpenAsync(Folder, profile, Stop);
        }

        var token = parsed.GetValue<string?>("--control-token") ?? ControlToken.FileOf(Folder);
        return ControlDoor.Open(address, ControlToken.Read("--control-token", token), parsed.GetValue<string?>("--control-ca"), profile);
    }

    /// <summary>A remark for the person, beside the result.</summary>
    public void Say(string remark) => Io.Error.WriteLine(Plain.Text(remark, 2000));

    /// <summary>A line of the result, for people.</summary>
    public void Line(string line) => Io.Out.WriteLine(Plain.Text(line, 20_000));

    public void Document<T>(T document, JsonTypeInfo<T> type) => Report.Document(Io, document, type);
}

/// <summary>What a verb needs of a runtime that it opens itself.</summary>
internal enum Need
{
    /// <summary>The journal alone; nothing is sent.</summary>
    Journal,

    /// <summary>The whole runtime, sending included.</summary>
    Sending,
}
