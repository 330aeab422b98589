using System;
using System.IO;
using System.Runtime.InteropServices;
using Csrun.Linux;
using Csrun.Plan;
using Csrun.Runtime.Processes;
using Xunit;

namespace Csrun.Tests.Unit.Init;

/// <summary>
/// A root file system with busybox in a directory of its own, and a plan that is written instruction by instruction:
/// <see cref="Begin"/>, then what a test is about, then <see cref="Finish"/>.
/// </summary>
internal sealed class TestContainer : IDisposable
{
    private const string Busybox = "/bin/busybox";
    private const ulong AllCapabilities = ulong.MaxValue;

    public TestContainer()
    {
        Assert.SkipUnless(Syscalls.GetEffectiveUid() == 0, "making containers by hand takes root");
        Assert.SkipUnless(File.Exists(Busybox), "busybox-static is not installed");
        Host = Directory.CreateTempSubdirectory("csrun-init-").FullName;
        Root = Path.Combine(Host, "rootfs");
        // What a test leaves open for others: the process may be anybody.
        File.SetUnixFileMode(Host, (UnixFileMode)0x1ED);
        foreach (string name in (string[])["bin", "dev", "etc", "proc", "sys", "out"])
            Directory.CreateDirectory(Path.Combine(Root, name));
        File.SetUnixFileMode(Path.Combine(Root, "out"), (UnixFileMode)0x1FF);
        // A link: a copy that is open for writing when another test forks could not be executed (ETXTBSY).
        if (link(Busybox, Path.Combine(Root, "bin/busybox")) != 0)
            File.Copy(Busybox, Path.Combine(Root, "bin/busybox"));
        File.CreateSymbolicLink(Path.Combine(Root, "bin/sh"), "busybox");
        File.WriteAllText(Path.Combine(Root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n");
    }

    public PlanWriter Writer { get; } = new();

    /// <summary>A directory of the host's; the root file system is in it.</summary>
    public string Host { get; }

    public string Root { get; }

    /// <summary>What the process wrote to /out/NAME.</summary>
    public string Output(string name = "text") => File.ReadAllText(Path.Combine(Root, "out", name));

    public PlanRef Text(string? text) => Writer.String(text);

    public void Add<T>(Opcode opcode, in T operands) where T : unmanaged => Writer.Add(opcode, in operands);

    public void Add(Opcode opcode) => Writer.Add<ulong>(opcode, 0);

    /// <summary>Up to the attached root file system.</summary>
    public TestContainer Begin(bool proc = true)
    {
        Add(Opcode.OpenRootfs, new OpenRootfs { Path = Text(Root), Propagation = Ms.Private });
        Add(Opcode.IsolateHost, new IsolateHost { Propagation = Ms.Private });
        Add(Opcode.AttachRootfs);
        if (proc)
            Mount("/proc", "proc", flags: MountFlags.NoSymlinks);
        return this;
    }

    public void Mount(string destination, string type, ulong attributes = 0, MountFlags flags = MountFlags.None,
        params (string Key, string? Value)[] options)
    {
        var pairs = new PlanPair[options.Length];
        for (int i = 0; i < pairs.Length; i++)
            pairs[i] = new PlanPair { Key = Text(options[i].Key), Value = Text(options[i].Value) };
        Add(Opcode.MountFilesystem, new MountFilesystem
        {
            Destination = Text(destination),
            Type = Text(type),
            Source = Text(type),
            Options = Writer.Array<PlanPair>(pairs),
            Attributes = attributes,
            Flags = flags,
        });
    }

    /// <summary>Opens a source of the host's for a bind: its slot.</summary>
    public uint Source(string path, OpenSourceFlags flags = OpenSourceFlags.None)
    {
        uint slot = Writer.NewSlot();
        Add(Opcode.OpenSource, new OpenSource { Slot = slot, Flags = flags, Path = Text(path) });
        return slot;
    }

    public void Bind(uint slot, string destination, ulong set = 0, MountFlags flags = MountFlags.None, ulong propagation = 0) =>
        Add(Opcode.MountBind, new MountBind { Destination = Text(destination), Slot = slot, Set = set, Flags = flags, Propagation = propagation });

    public void Device(string path, uint mode, uint major, uint minor, uint uid = 0, uint gid = 0) =>
        Add(Opcode.MakeDevice, new MakeDevice { Path = Text(path), Mode = mode, Major = major, Minor = minor, Uid = uid, Gid = gid });

    public void Symlink(string path, string target, MakeSymlinkFlags flags = MakeSymlinkFlags.None) =>
        Add(Opcode.MakeSymlink, new MakeSymlink { Path = Text(path), Target = Text(target), Flags = flags });

    public void Hook(string script, uint timeout = 0, string program = "/bin/sh")
    {
        const string state = """{"pid":          ,"id":"test"}""";
        Add(Opcode.RunHook, new RunHook
        {
            Path = Text(program),
            Arguments = Writer.Strings(["sh", "-c", script]),
            Environment = Writer.Strings(["PATH=/bin:/usr/bin"]),
            State = Text(state),
            PidOffset = (uint)state.IndexOf(' ', StringComparison.Ordinal),
            Timeout = timeout,
        });
    }

    public void Identity(uint uid = 0, uint gid = 0, uint[]? groups = null, ulong bounding = AllCapabilities, ulong permitted = AllCapabilities,
        ulong inheritable = 0, ulong ambient = 0, SetIdentityFlags flags = SetIdentityFlags.None) => Add(Opcode.SetIdentity, new SetIdentity
        {
            Bounding = bounding,
            Effective = permitted,
            Permitted = permitted,
            Inheritable = inheritable,
            Ambient = ambient,
            Groups = Writer.Array<uint>(groups ?? []),
            Uid = uid,
            Gid = gid,
            Flags = flags,
        });

    public void Pivot() => Add(Opcode.PivotRoot);

    public void Enter(string path, bool create = false, uint uid = 0, uint gid = 0) => Add(Opcode.ChangeDirectory,
        new ChangeDirectory { Path = Text(path), Create = create ? 1u : 0, Again = create ? 1u : 0, Uid = uid, Gid = gid });

    public void Find(params string[] candidates) =>
        Add(Opcode.FindExecutable, new FindExecutable { Candidates = Writer.Strings(candidates) });

    public void Ready()
    {
        Add(Opcode.Ready);
        Add(Opcode.AwaitStart);
    }

    public void Execute(string[] arguments, string[]? environment = null, uint? homeOf = null) => Add(Opcode.Execute, new Execute
    {
        Arguments = Writer.Strings(arguments),
        Environment = Writer.Strings(environment ?? ["PATH=/bin"]),
        AddHome = homeOf is null ? 0u : 1,
        Uid = homeOf ?? 0,
    });

    /// <summary>The rest of a plan whose process is this script; what it prints is <see cref="Output"/>.</summary>
    public byte[] Finish(string script, uint inherited = 2)
    {
        Find("/bin/sh");
        Ready();
        Execute(["sh", "-c", $"exec >/out/text 2>&1; {script}"]);
        return Plan(inherited);
    }

    public byte[] Plan(uint inherited = 2) => Writer.Finish(0, inherited).ToArray();

    /// <summary>mknod(2) on the host, for what an image may bring.</summary>
    public static void MakeNode(string path, uint mode, uint major = 0, uint minor = 0) =>
        Assert.Equal(0, mknod(path, mode, (minor & 0xFF) | (ulong)major << 8 | (ulong)(minor & ~0xFFu) << 12));

    [DllImport("libc", CharSet = CharSet.Ansi)]
    private static extern int mknod(string path, uint mode, ulong device);

    [DllImport("libc", CharSet = CharSet.Ansi)]
    private static extern int link(string existing, string path);

    /// <summary>By rm: a plan gone wrong may have made names that are no text.</summary>
    public void Dispose()
    {
        using var process = Spawn.Program(new() { Path = "/bin/rm", Arguments = ["rm", "-rf", Host] });
        process.Wait();
    }
}
