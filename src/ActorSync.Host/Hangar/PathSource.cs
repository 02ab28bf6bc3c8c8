namespace ActorSync.Host.Hangar;

/// <summary>The hangar's source that the settings name: whatever stands at the path when it is looked at.</summary>
internal sealed class PathSource(string path) : IHangarSource
{
    private readonly FolderSource _folder = new(path);

    public async Task CaptureAsync(HangarCapture capture, CancellationToken cancellation)
    {
        if (Directory.Exists(path))
        {
            await _folder.CaptureAsync(capture, cancellation);
        }
        else if (File.Exists(path))
        {
            await JsonFileSource.CaptureAsync(path, capture, cancellation);
        }
        else
        {
            // A disk that is not mounted is no empty collection.
            capture.Incomplete($"{path} is not there");
        }
    }
}
