using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Csrun.Linux;

namespace Csrun.Runtime.Processes;

/// <summary>What the assembly routine is given; its offsets are in spawn-x64.S and spawn-arm64.S.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SpawnCall
{
    /// <summary>clone3 or clone, and five arguments.</summary>
    public long Number;
    public nuint Argument0;
    public nuint Argument1;
    public nuint Argument2;
    public nuint Argument3;
    public nuint Argument4;
    public SpawnStep* Steps;
    public nuint Count;

    /// <summary>Index of the step that failed; negative while none has.</summary>
    public int FailedStep;
    public int FailedErrno;

    /// <summary>Where the child writes the two fields above if it has memory of its own; -1 if they are shared.</summary>
    public long StatusFd;
}

/// <summary>One system call of the child.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SpawnStep
{
    public const ulong IgnoreErrors = 1;
    public const ulong ZeroFails = 2;

    public long Number;
    public nuint A;
    public nuint B;
    public nuint C;
    public nuint D;
    public nuint E;
    public nuint F;
    public ulong Flags;
}

/// <summary>
/// The system calls that a child makes before it executes a program, on memory that the garbage collector does not move,
/// with what each is for, so that a failure has a name.
/// </summary>
internal sealed unsafe partial class SpawnTable : IDisposable
{
    private const int ChunkSize = 16384;
    private readonly List<nint> _chunks = [];
    private readonly List<SpawnStep> _steps = [];
    private readonly List<(string Operation, string? Target)> _names = [];
    private byte* _free;
    private nuint _left;

    [LibraryImport("csrun-spawn", EntryPoint = "csrun_spawn")]
    private static partial long Invoke(SpawnCall* call);

    public void Add(string operation, string? target, ulong flags, int number, nint a = 0, nint b = 0, nint c = 0, nint d = 0, nint e = 0) =>
        Insert(_steps.Count, operation, target, flags, number, a, b, c, d, e);

    public void Insert(int index, string operation, string? target, ulong flags, int number, nint a = 0, nint b = 0, nint c = 0, nint d = 0, nint e = 0)
    {
        _steps.Insert(index, new() { Number = number, A = (nuint)a, B = (nuint)b, C = (nuint)c, D = (nuint)d, E = (nuint)e, Flags = flags });
        _names.Insert(index, (operation, target));
    }

    /// <summary>Memory filled with zeros, aligned to 16 bytes, until this table is disposed of.</summary>
    public void* Memory(nuint size)
    {
        size = (size + 15) & ~(nuint)15;
        if (size > _left)
        {
            nuint chunk = Math.Max(size, ChunkSize);
            _free = (byte*)NativeMemory.AllocZeroed(chunk);
            _chunks.Add((nint)_free);
            _left = chunk;
        }
        byte* result = _free;
        _free += size;
        _left -= size;
        return result;
    }

    /// <summary>A NUL-terminated text.</summary>
    public nint Text(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new LinuxException("pass on text with a NUL in it", null, Errno.EINVAL);
        }
        int length = Encoding.UTF8.GetByteCount(text);
        byte* memory = (byte*)Memory((nuint)length + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(memory, length));
        return (nint)memory;
    }

    /// <summary>A NULL-terminated array of texts, as execve(2) takes it.</summary>
    public nint Texts(IReadOnlyList<string> texts)
    {
        nint* array = (nint*)Memory((nuint)(texts.Count + 1) * (nuint)sizeof(nint));
        for (int i = 0; i < texts.Count; i++)
        {
            array[i] = Text(texts[i]);
        }
        return (nint)array;
    }

    /// <summary>
    /// Makes the process with all signals blocked: a handler of the managed runtime must not run in it. Gives its id;
    /// or -errno if there is none. Without a status descriptor it returns when the child has executed its program or
    /// has failed.
    /// </summary>
    public long Run(ref SpawnCall call)
    {
        fixed (SpawnStep* steps = CollectionsMarshal.AsSpan(_steps))
        fixed (SpawnCall* pinned = &call)
        {
            call.Steps = steps;
            call.Count = (nuint)_steps.Count;
            call.FailedStep = -1;
            LinuxException.Check(Syscalls.SignalMask(2, ulong.MaxValue, out ulong before), "block signals", null);
            long result = Invoke(pinned);
            _ = Syscalls.SignalMask(2, before, out _);
            return result;
        }
    }

    /// <summary>What the step that failed was to do, and why it could not.</summary>
    public LinuxException Failure(int step, int errno)
    {
        step = Math.Min(step, _steps.Count - 1);
        (string operation, string? target) = _names[step];
        if (_steps[step].Number == SyscallNumbers.Write)
        {
            target ??= Files.PathOf((int)_steps[step].A);
        }
        return new(operation, target, errno);
    }

    public void Dispose()
    {
        foreach (nint chunk in _chunks)
        {
            NativeMemory.Free((void*)chunk);
        }
        _chunks.Clear();
        _left = 0;
    }
}
