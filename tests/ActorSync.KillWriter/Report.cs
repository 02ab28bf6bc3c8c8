using System.Text;

namespace ActorSync.KillWriter;

/// <summary>Standard output, one system call a line: what is in the pipe outlives us.</summary>
internal sealed class Report
{
    private readonly Stream _out = Console.OpenStandardOutput();
    private readonly Lock _gate = new();

    public void Line(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text + "\n");
        lock (_gate)
        {
            _out.Write(bytes);
            _out.Flush();
        }
    }
}
