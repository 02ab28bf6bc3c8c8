using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static ActorSync.TestKit.Disk.SqliteAbi;

namespace ActorSync.TestKit.Disk;

/// <summary>Makes crash disks known to SQLite: one VFS a disk, all of them served by the same functions.</summary>
internal static unsafe class CrashVfs
{
    private const int MaxPath = 1024;
    private const long JulianEpochMilliseconds = 210_866_760_000_000;

    private static readonly ConcurrentDictionary<int, (CrashDisk Disk, nint Vfs)> Disks = new();
    private static readonly Methods* FileMethods = MakeMethods();
    private static int s_lastId;

    public static (int Id, string Name) Register(CrashDisk disk)
    {
        var id = Interlocked.Increment(ref s_lastId);
        var name = $"crash-{id}";
        var vfs = (Vfs*)NativeMemory.AllocZeroed((nuint)sizeof(Vfs));
        *vfs = new Vfs
        {
            Version = 2,
            FileSize = sizeof(OpenFile),
            MaxPath = MaxPath,
            Name = (byte*)Marshal.StringToCoTaskMemUTF8(name),
            AppData = id,
            Open = &Open,
            Delete = &Delete,
            Access = &Access,
            FullPath = &FullPath,
            Randomness = &Randomness,
            Sleep = &Sleep,
            CurrentTime = &CurrentTime,
            CurrentTimeInt64 = &CurrentTimeInt64,
        };
        Disks[id] = (disk, (nint)vfs);
        return sqlite3_vfs_register(vfs, 0) == Ok ? (id, name) : throw new InvalidOperationException("SQLite refused the VFS");
    }

    // The structure stays allocated: a connection that a killed node left behind still points to it until it is finalised.
    public static void Unregister(int id)
    {
        if (Disks.TryRemove(id, out var entry))
        {
            entry.Disk.Kill();
            sqlite3_vfs_unregister((Vfs*)entry.Vfs);
        }
    }

    private static CrashDisk? DiskOf(Vfs* vfs) => Disks.TryGetValue((int)vfs->AppData, out var entry) ? entry.Disk : null;

    private static OpenHandle HandleOf(OpenFile* file) => (OpenHandle)GCHandle.FromIntPtr(file->Handle).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(Vfs* vfs, byte* path, OpenFile* file, int flags, int* outFlags)
    {
        file->Methods = null;
        var (handle, code) = DiskOf(vfs)?.Open(path == null ? null : Marshal.PtrToStringUTF8((nint)path), flags) ?? (null, CantOpen);
        if (handle is null)
        {
            return code;
        }

        file->Handle = GCHandle.ToIntPtr(GCHandle.Alloc(handle));
        file->Methods = FileMethods;
        if (outFlags != null)
        {
            *outFlags = flags;
        }

        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Delete(Vfs* vfs, byte* path, int syncDirectory) =>
        DiskOf(vfs)?.Delete(Marshal.PtrToStringUTF8((nint)path)!, syncDirectory != 0) ?? IoErr;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Access(Vfs* vfs, byte* path, int flags, int* answer)
    {
        *answer = DiskOf(vfs)?.Exists(Marshal.PtrToStringUTF8((nint)path)!) == true ? 1 : 0;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FullPath(Vfs* vfs, byte* path, int size, byte* full)
    {
        var bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(path);
        if (bytes.Length >= size)
        {
            return CantOpen;
        }

        bytes.CopyTo(new Span<byte>(full, size));
        full[bytes.Length] = 0;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Randomness(Vfs* vfs, int count, byte* bytes)
    {
        new Span<byte>(bytes, count).Fill(7);
        return count;
    }

    // A busy handler's wait costs no real time.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sleep(Vfs* vfs, int microseconds) => microseconds;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CurrentTime(Vfs* vfs, double* julianDay)
    {
        *julianDay = JulianMilliseconds(vfs) / 86_400_000.0;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CurrentTimeInt64(Vfs* vfs, long* milliseconds)
    {
        *milliseconds = JulianMilliseconds(vfs);
        return Ok;
    }

    private static long JulianMilliseconds(Vfs* vfs) =>
        JulianEpochMilliseconds + (DiskOf(vfs)?.Clock() ?? TimerQueue.Epoch).ToUnixTimeMilliseconds();

    private static Methods* MakeMethods()
    {
        var methods = (Methods*)NativeMemory.AllocZeroed((nuint)sizeof(Methods));
        *methods = new Methods
        {
            Version = 2,
            Close = &Close,
            Read = &Read,
            Write = &Write,
            Truncate = &Truncate,
            Sync = &Sync,
            Size = &Size,
            Lock = &Lock,
            Unlock = &Unlock,
            CheckReservedLock = &CheckReservedLock,
            FileControl = &FileControl,
            SectorSize = &SectorSize,
            DeviceCharacteristics = &DeviceCharacteristics,
            ShmMap = &ShmMap,
            ShmLock = &ShmLock,
            ShmBarrier = &ShmBarrier,
            ShmUnmap = &ShmUnmap,
        };
        return methods;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(OpenFile* file)
    {
        var handle = HandleOf(file);
        handle.Disk.Close(handle);
        GCHandle.FromIntPtr(file->Handle).Free();
        file->Methods = null;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(OpenFile* file, byte* bytes, int count, long offset)
    {
        var handle = HandleOf(file);
        return handle.Disk.Read(handle, offset, new Span<byte>(bytes, count));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(OpenFile* file, byte* bytes, int count, long offset)
    {
        var handle = HandleOf(file);
        return handle.Disk.Write(handle, offset, new ReadOnlySpan<byte>(bytes, count));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(OpenFile* file, long length)
    {
        var handle = HandleOf(file);
        return handle.Disk.Truncate(handle, length);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(OpenFile* file, int flags)
    {
        var handle = HandleOf(file);
        return handle.Disk.Sync(handle);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Size(OpenFile* file, long* size)
    {
        var handle = HandleOf(file);
        *size = handle.Disk.Length(handle);
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Lock(OpenFile* file, int level) => HandleOf(file).Lock(level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Unlock(OpenFile* file, int level)
    {
        HandleOf(file).Unlock(level);
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CheckReservedLock(OpenFile* file, int* answer)
    {
        *answer = HandleOf(file).IsReserved ? 1 : 0;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileControl(OpenFile* file, int operation, void* argument) => NotFound;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SectorSize(OpenFile* file) => 4096;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DeviceCharacteristics(OpenFile* file) => PowersafeOverwrite;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmMap(OpenFile* file, int region, int size, int extend, void** memory)
    {
        var handle = HandleOf(file);
        *memory = handle.SharedMemory.Map(handle, region, size, extend != 0);
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmLock(OpenFile* file, int offset, int count, int flags)
    {
        var handle = HandleOf(file);
        return handle.SharedMemory.Lock(handle, offset, count, flags);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ShmBarrier(OpenFile* file) => Thread.MemoryBarrier();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmUnmap(OpenFile* file, int delete)
    {
        var handle = HandleOf(file);
        handle.SharedMemory.Unmap(handle);
        return Ok;
    }
}
