using System;
using System.Buffers.Binary;
using System.IO;
using System.Runtime.InteropServices;
using Csrun.Seccomp;
using Csrun.Spec;

namespace Csrun.Tests.Unit.Seccomp;

/// <summary>libseccomp, used as runc uses it (libcontainer/seccomp): what it makes of a profile is compared with what we make.</summary>
internal sealed partial class LibSeccomp : IDisposable
{
    private const int AlreadyThere = -17;
    private const int AttributeOptimize = 8;

    private readonly bool _isBigEndian;
    private nint _context;

    public LibSeccomp(uint defaultVerdict, SeccompArchitecture[] architectures, bool binaryTree)
    {
        _isBigEndian = ArchitectureFacts.Of(architectures[0]).IsBigEndian;
        _context = seccomp_init(Token(defaultVerdict));
        if (_context == 0)
            throw new InvalidOperationException("seccomp_init");
        // What is there from the beginning is of little endian; the two don't mix.
        if (architectures[0] != SeccompArchitecture.X8664)
            Check(seccomp_arch_remove(_context, 0), "seccomp_arch_remove");
        foreach (var architecture in architectures)
        {
            if (architecture != SeccompArchitecture.X8664)
                Check(seccomp_arch_add(_context, TokenOf(architecture)), "seccomp_arch_add");
        }
        if (binaryTree)
            Check(seccomp_attr_set(_context, AttributeOptimize, 2), "seccomp_attr_set");
    }

    public static bool IsThere => NativeLibrary.TryLoad("libseccomp.so.2", typeof(LibSeccomp).Assembly, null, out _);

    /// <summary>The number of a call, below 0 if the architecture has none.</summary>
    public static int Resolve(SeccompArchitecture architecture, string name) => seccomp_syscall_resolve_name_arch(TokenOf(architecture), name);

    /// <summary>The number by which rules name a call whatever their architecture; -1 for none.</summary>
    public static int Resolve(string name) => seccomp_syscall_resolve_name(name);

    /// <summary>False: it contradicts a rule that is there, and libseccomp does not take it.</summary>
    public bool TryAdd(uint verdict, int number, ReadOnlySpan<SeccompArg> args)
    {
        var comparisons = new Comparison[args.Length];
        for (int i = 0; i < args.Length; i++)
        {
            // enum scmp_compare begins at 1, in the order of the config's words.
            comparisons[i] = new Comparison { Arg = args[i].Index, Op = (int)args[i].Op + 1, A = args[i].Value, B = args[i].ValueTwo };
        }
        int result = seccomp_rule_add_array(_context, Token(verdict), number, (uint)comparisons.Length, comparisons);
        if (result == AlreadyThere)
            return false;
        Check(result, "seccomp_rule_add_array");
        return true;
    }

    public ulong[] Export()
    {
        string path = Path.GetTempFileName();
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 0);
            Check(seccomp_export_bpf(_context, (int)file.SafeFileHandle.DangerousGetHandle()), "seccomp_export_bpf");
            var bytes = new byte[file.Length];
            file.Position = 0;
            file.ReadExactly(bytes);
            var program = new ulong[bytes.Length / 8];
            for (int i = 0; i < program.Length; i++)
            {
                var one = bytes.AsSpan(i * 8, 8);
                program[i] = _isBigEndian
                    ? Bpf.Make(BinaryPrimitives.ReadUInt16BigEndian(one), one[2], one[3], BinaryPrimitives.ReadUInt32BigEndian(one[4..]))
                    : BinaryPrimitives.ReadUInt64LittleEndian(one);
            }
            return program;
        }
        finally
        {
            File.Delete(path);
        }
    }

    public void Dispose()
    {
        if (_context != 0)
            seccomp_release(_context);
        _context = 0;
    }

    /// <summary>SCMP_ARCH_*: AUDIT_ARCH_*, but for x32.</summary>
    private static uint TokenOf(SeccompArchitecture architecture) =>
        architecture == SeccompArchitecture.X32 ? 0x4000_003E : ArchitectureFacts.Of(architecture).Audit;

    // Its actions have the kernel's values.
    private static uint Token(uint verdict) => verdict;

    private static void Check(int result, string what)
    {
        if (result < 0)
            throw new InvalidOperationException($"{what}: {result}");
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Comparison
    {
        public uint Arg;
        public int Op;
        public ulong A;
        public ulong B;
    }

    [LibraryImport("libseccomp.so.2")]
    private static partial nint seccomp_init(uint action);

    [LibraryImport("libseccomp.so.2")]
    private static partial void seccomp_release(nint context);

    [LibraryImport("libseccomp.so.2")]
    private static partial int seccomp_arch_add(nint context, uint token);

    [LibraryImport("libseccomp.so.2")]
    private static partial int seccomp_arch_remove(nint context, uint token);

    [LibraryImport("libseccomp.so.2")]
    private static partial int seccomp_attr_set(nint context, int attribute, uint value);

    [LibraryImport("libseccomp.so.2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int seccomp_syscall_resolve_name_arch(uint token, string name);

    [LibraryImport("libseccomp.so.2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int seccomp_syscall_resolve_name(string name);

    [LibraryImport("libseccomp.so.2")]
    private static partial int seccomp_rule_add_array(nint context, uint action, int number, uint count, Comparison[] comparisons);

    [LibraryImport("libseccomp.so.2")]
    private static partial int seccomp_export_bpf(nint context, int fd);
}
