using System.Runtime.InteropServices;
using System.Text;
using ActorSync.Platform;

namespace ActorSync.Journal.Sqlite;

/// <summary>Makes sure that the write-ahead log which is read is the one on the disk.</summary>
/// <remarks>
/// After a sync that failed the kernel takes pages for written that are not: the log reads well, and syncing it again does nothing. A checkpoint
/// of such a log would put pages into the database that the log, after a power cut, no longer has, and the older ones that it still has would
/// be laid over them. So its bytes are written once more, over themselves, and synced, before anything is taken from it.
/// Goes through SQLite's own file layer, so that a simulated disk is treated alike.
/// </remarks>
internal static unsafe class WalRewrite
{
    private const int ReadWrite = 0x00000002;
    private const int Wal = 0x00080000;
    private const int FullSync = 3;
    private const int Exists = 0;

    // SQLite's own writes are no longer than a page; its file layer takes a length of 128 KiB for none.
    private const int ChunkBytes = 64 << 10;

    // What SQLite looks for behind a name: the end of its parameters.
    private const int NameEnd = 8;

    public static void Run(string path, string? vfsName)
    {
        var vfs = (Vfs*)SqliteNative.FindVfs(vfsName);
        var name = new byte[Encoding.UTF8.GetByteCount(path) + NameEnd];
        Encoding.UTF8.GetBytes(path, name);
        fixed (byte* text = name)
        {
            var exists = 0;
            Check(vfs->Access(vfs, text, Exists, &exists), path);
            if (exists == 0)
            {
                return;
            }

            var file = (OpenFile*)NativeMemory.AllocZeroed((nuint)vfs->FileBytes);
            try
            {
                Check(vfs->Open(vfs, text, file, ReadWrite | Wal, null), path);
                Rewrite(file, path);
            }
            finally
            {
                if (file->Methods is not null)
                {
                    file->Methods->Close(file);
                }

                NativeMemory.Free(file);
            }
        }
    }

    private static void Rewrite(OpenFile* file, string path)
    {
        long size;
        Check(file->Methods->Size(file, &size), path);
        if (size == 0)
        {
            return;
        }

        var chunk = new byte[(int)Math.Min(size, ChunkBytes)];
        fixed (byte* bytes = chunk)
        {
            for (var at = 0L; at < size; at += chunk.Length)
            {
                var length = (int)Math.Min(chunk.Length, size - at);
                Check(file->Methods->Read(file, bytes, length, at), path);
                Check(file->Methods->Write(file, bytes, length, at), path);
            }
        }

        Check(file->Methods->Sync(file, FullSync), path);
    }

    private static void Check(int code, string path)
    {
        if (code != 0)
        {
            throw new SqliteFailure(code, "it cannot be written back", $"a rewrite of {path}");
        }
    }

    // The beginning of sqlite3_vfs (sqlite3.h).
    [StructLayout(LayoutKind.Sequential)]
    internal struct Vfs
    {
        public int Version;
        public int FileBytes;
        public int LongestPath;
        public nint Next;
        public nint Name;
        public nint AppData;
        public delegate* unmanaged[Cdecl]<Vfs*, byte*, OpenFile*, int, int*, int> Open;
        public nint Delete;
        public delegate* unmanaged[Cdecl]<Vfs*, byte*, int, int*, int> Access;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct OpenFile
    {
        public Methods* Methods;
    }

    // The beginning of sqlite3_io_methods.
    [StructLayout(LayoutKind.Sequential)]
    internal struct Methods
    {
        public int Version;
        public delegate* unmanaged[Cdecl]<OpenFile*, int> Close;
        public delegate* unmanaged[Cdecl]<OpenFile*, byte*, int, long, int> Read;
        public delegate* unmanaged[Cdecl]<OpenFile*, byte*, int, long, int> Write;
        public nint Truncate;
        public delegate* unmanaged[Cdecl]<OpenFile*, int, int> Sync;
        public delegate* unmanaged[Cdecl]<OpenFile*, long*, int> Size;
    }
}
