namespace ActorSync.Journal;

/// <summary>Room that is given back to a full disk, so that acks can still be booked: deleting rows needs room too.</summary>
/// <param name="path">Beside the journal, on the same disk.</param>
internal sealed class ReserveFile(string path, long bytes)
{
    private const int BlockBytes = 1 << 16;

    /// <summary>Takes the room. False when there is not twice as much free, or the disk says no.</summary>
    public bool TryHold()
    {
        if (bytes == 0)
        {
            return true;
        }

        try
        {
            if (File.Exists(path) && new FileInfo(path).Length == bytes)
            {
                return true;
            }

            // Of the folder: what does not exist yet is on no drive.
            var disk = new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(path))!);
            if (disk.AvailableFreeSpace < 2 * bytes)
            {
                return false;
            }

            Write();
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Release();
            return false;
        }
    }

    public void Release()
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Nothing can be given back; the journal stays unavailable until there is room.
            return;
        }
    }

    // Written, not only sized: a sparse file reserves nothing. Not zeros, which some file systems keep as holes.
    private void Write()
    {
        using var file = new FileStream(path, JournalLock.OwnerOnly(FileMode.Create, FileShare.Read));
        var block = new byte[BlockBytes];
        Array.Fill(block, (byte)0xA5);
        for (long written = 0; written < bytes; written += block.Length)
        {
            file.Write(block, 0, (int)Math.Min(block.Length, bytes - written));
        }

        file.Flush(flushToDisk: true);
    }
}
