using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ActorSync.Platform;

/// <summary>Files that hold a secret: 0600 in a folder of 0700, replaced whole and durably, never through a symbolic link.</summary>
/// <remarks>
/// A write makes a temporary beside the file, flushes it, renames it over the file and flushes the folder, so that after a power cut there is the old
/// content or the new one. One writer a file; readers see either. On Windows the folder's access list stands for the modes, and folders are not flushed.
/// Every failure is a <see cref="SecretFileException"/>.
/// </remarks>
internal static partial class SecretFile
{
    public const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode FolderMode = FileMode | UnixFileMode.UserExecute;
    private const UnixFileMode OthersBits = (UnixFileMode)0b000_111_111;
    private const string TemporarySuffix = ".tmp";

    /// <summary>Makes the folder, and those above it, when they are not there; takes the rights of others away from the folder itself when it is.</summary>
    public static void EnsureFolder(string folder) =>
        Guard(
            folder,
            () =>
            {
                RefuseLink(new DirectoryInfo(folder));
                if (OperatingSystem.IsWindows())
                {
                    Directory.CreateDirectory(folder);
                    return;
                }

                Make(Path.GetFullPath(folder));
                if ((File.GetUnixFileMode(folder) & OthersBits) != UnixFileMode.None)
                {
                    File.SetUnixFileMode(folder, FolderMode);
                }
            }
        );

    /// <summary>The whole content, or null when there is no such file. Takes the rights of others away when the file has any (a restored backup).</summary>
    public static byte[]? Read(string path, int maxBytes) =>
        Guard(
            path,
            () =>
            {
                using var file = OpenToRead(path);
                if (file is null)
                {
                    return null;
                }

                if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & OthersBits) != UnixFileMode.None)
                {
                    File.SetUnixFileMode(file, FileMode);
                }

                // Asking a pipe or a device for its length throws: what is no file is not read.
                var length = RandomAccess.GetLength(file);
                return length <= maxBytes
                    ? ReadWhole(file, (int)length)
                    : throw new IOException($"it has {length} bytes, more than the {maxBytes} that such a file may have");
            }
        );

    /// <summary>Replaces the content. On return it is durable; after a failure the old content or the new one is there.</summary>
    public static void Write(string path, ReadOnlyMemory<byte> content) =>
        Guard(
            path,
            () =>
            {
                RefuseLink(new FileInfo(path));
                var temporary = path + TemporarySuffix;

                // What a kill left behind. CreateNew below neither follows a link nor opens what somebody else made.
                File.Delete(temporary);
                try
                {
                    using (var file = new FileStream(temporary, CreateOptions()))
                    {
                        file.Write(content.Span);
                        file.Flush(flushToDisk: true);
                    }

                    File.Move(temporary, path, overwrite: true);
                }
                catch
                {
                    TryDelete(temporary);
                    throw;
                }

                FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path)));
            }
        );

    internal static SecretFileReason ReasonOf(Exception failure) =>
        failure switch
        {
            SymbolicLinkException => SecretFileReason.SymbolicLink,
            UnauthorizedAccessException => SecretFileReason.AccessDenied,
            _ when IsFull(failure.HResult) => SecretFileReason.DiskFull,
            _ => SecretFileReason.Unusable,
        };

    private static FileStreamOptions CreateOptions()
    {
        var options = new FileStreamOptions
        {
            Mode = System.IO.FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = FileMode;
        }

        return options;
    }

    [UnsupportedOSPlatform("windows")]
    private static void Make(string folder)
    {
        if (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
        {
            Make(parent);
            Directory.CreateDirectory(folder, FolderMode);
            FlushFolder(parent);
        }
    }

    private static byte[] ReadWhole(SafeFileHandle file, int length)
    {
        var content = new byte[length];
        var at = 0;
        while (at < length)
        {
            var read = RandomAccess.Read(file, content.AsSpan(at), at);
            if (read == 0)
            {
                throw new IOException("it became shorter while it was read");
            }

            at += read;
        }

        return content;
    }

    private static SafeFileHandle? OpenToRead(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            RefuseLink(new FileInfo(path));
            return File.Exists(path) ? File.OpenHandle(path) : null;
        }

        // .NET cannot say O_NOFOLLOW; looking first and opening then would leave a gap.
        var file = Open(path, Native.ReadOnly | Native.NoFollow | Native.NonBlocking | Native.CloseOnExec);
        if (!file.IsInvalid)
        {
            return file;
        }

        var error = Marshal.GetLastPInvokeError();
        file.Dispose();
        return error switch
        {
            Native.NoEntry => null,
            _ when error == Native.Loop => throw new SymbolicLinkException(),
            Native.AccessDenied => throw new UnauthorizedAccessException("access is denied"),
            _ => throw new IOException(Marshal.GetPInvokeErrorMessage(error)),
        };
    }

    private static void FlushFolder(string? folder)
    {
        if (OperatingSystem.IsWindows() || folder is null)
        {
            return;
        }

        using var handle = Open(folder, Native.ReadOnly | Native.CloseOnExec);
        if (handle.IsInvalid)
        {
            throw new IOException($"its folder cannot be flushed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }

        RandomAccess.FlushToDisk(handle);
    }

    private static SafeFileHandle Open(string path, int flags) => new(Native.Open(path, flags), ownsHandle: true);

    private static void RefuseLink(FileSystemInfo entry)
    {
        if (entry.LinkTarget is not null)
        {
            throw new SymbolicLinkException();
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The failure that brought us here is the one to tell; the next write deletes the rest.
        }
    }

    private static void Guard(string path, Action action) =>
        Guard(
            path,
            () =>
            {
                action();
                return true;
            }
        );

    private static T Guard<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new SecretFileException(path, ReasonOf(failure), failure);
        }
    }

    // ENOSPC and EDQUOT (Linux, macOS), ERROR_DISK_FULL.
    private static bool IsFull(int code) => code is 28 or unchecked((int)0x80070070) || code == (OperatingSystem.IsMacOS() ? 69 : 122);

    private sealed class SymbolicLinkException() : IOException("it is a symbolic link, and those are not followed");

    private static partial class Native
    {
        public const int ReadOnly = 0;
        public const int NoEntry = 2;
        public const int AccessDenied = 13;

        public static int NonBlocking => OperatingSystem.IsMacOS() ? 0x4 : 0x800;

        public static int CloseOnExec => OperatingSystem.IsMacOS() ? 0x100_0000 : 0x8_0000;

        public static int Loop => OperatingSystem.IsMacOS() ? 62 : 40;

        // The value differs by system and, on Linux, by processor.
        public static int NoFollow =>
            OperatingSystem.IsMacOS() ? 0x100
            : RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm or Architecture.Ppc64le ? 0x8000
            : 0x2_0000;

        // The third argument of open(2) is for files that are made, and these are not.
        public static nint Open(string path, int flags) => OpenExisting(Encoding.UTF8.GetBytes(path + '\0'), flags);

        [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static partial int OpenExisting(byte[] path, int flags);
    }
}

/// <summary>Why a secret file cannot be used.</summary>
internal enum SecretFileReason
{
    Unusable = 0,
    SymbolicLink,
    AccessDenied,
    DiskFull,
}

/// <summary>A secret file or its folder cannot be read or written.</summary>
internal sealed class SecretFileException : Exception
{
    public SecretFileException(string path, SecretFileReason reason, Exception inner)
        : base($"{path}: {inner.Message}", inner)
    {
        Path = path;
        Reason = reason;
    }

    public string Path { get; }

    public SecretFileReason Reason { get; }
}
