using System;
using System.Buffers.Binary;
using System.Globalization;
using System.IO;
using Csrun.Linux;
using Csrun.Plan;
using Xunit;

namespace Csrun.Tests.Unit.Init;

/// <summary>
/// Init reads its plan as if an enemy had written it. Plans with changed bytes are really executed, in a user namespace
/// without rights over anything of the host's: every one ends, and none by a fault.
/// </summary>
public class MalformedPlanTests
{
    private const uint Nobody = 1_000_000_000;

    [Fact]
    public void Plans_with_changed_bytes_end_in_order()
    {
        const int rounds = 1000;
        using var container = new TestContainer();
        byte[] plan = Make(container);
        Assert.Equal(0, Execute(plan, "unchanged"));
        var random = new Random(20261123);
        for (int i = 0; i < rounds; i++)
        {
            byte[] changed = Change(plan, random, out string how);
            Execute(changed, string.Create(CultureInfo.InvariantCulture, $"round {i}: {how}"));
        }
    }

    [Fact]
    public void A_plan_cut_short_at_any_length_is_refused()
    {
        using var container = new TestContainer();
        byte[] plan = Make(container);
        for (int length = 0; length < plan.Length; length += length < 64 ? 1 : 97)
            Execute(plan.AsSpan(0, Math.Max(length, 1)).ToArray(), $"length {length}");
    }

    [Fact]
    public void What_is_wrong_with_a_plan_is_told()
    {
        Refused("unknown opcode", static (plan, at) => BinaryPrimitives.WriteUInt16LittleEndian(plan.AsSpan(at), 999));
        Refused("instruction cut short", static (plan, at) => BinaryPrimitives.WriteUInt16LittleEndian(plan.AsSpan(at + 2), 1));
        Refused("instruction of a wrong size", static (plan, at) => BinaryPrimitives.WriteUInt32LittleEndian(plan.AsSpan(at + 4), 24));
        Refused("string lies outside", static (plan, at) => BinaryPrimitives.WriteUInt32LittleEndian(plan.AsSpan(at + 8), uint.MaxValue));
        Refused("string lies outside", static (plan, at) => BinaryPrimitives.WriteUInt32LittleEndian(plan.AsSpan(at + 12), uint.MaxValue));
        Refused("string has no end", static (plan, at) => BinaryPrimitives.WriteUInt32LittleEndian(plan.AsSpan(at + 12), 1));
        Refused("string is absent", static (plan, at) => plan.AsSpan(at + 8, 8).Clear());
        Refused("total length", static (plan, _) => BinaryPrimitives.WriteUInt32LittleEndian(plan.AsSpan(12), (uint)plan.Length + 1));
        Refused("not a plan of this version", static (plan, _) => plan[8]++);
        Refused("slots", static (plan, _) => BinaryPrimitives.WriteUInt32LittleEndian(plan.AsSpan(36), uint.MaxValue));
        Refused("instructions lie outside", static (plan, _) => BinaryPrimitives.WriteUInt32LittleEndian(plan.AsSpan(16), uint.MaxValue - 7));
        Refused("bytes after the last instruction", static (plan, _) => plan[24]--);
    }

    private static void Refused(string why, Action<byte[], int> change)
    {
        var writer = new PlanWriter();
        writer.Add(Opcode.OpenRootfs, new OpenRootfs { Path = writer.String("/somewhere") });
        byte[] plan = writer.Finish(0, 2).ToArray();
        change(plan, (int)BinaryPrimitives.ReadUInt32LittleEndian(plan.AsSpan(16)));
        using var init = InitProcess.Start(plan);
        var error = init.Read();
        Assert.Equal((MessageKind.Error, Step.Plan, why), (error.Kind, error.Step, error.Text));
        Assert.Equal(1, init.ExitCode());
    }

    private static int Execute(byte[] plan, string what)
    {
        using var init = InitProcess.StartUnprivileged(plan, Nobody);
        // Without a master its process would be hung up.
        Fd? terminal = null;
        while (true)
        {
            // A plan may have become one that waits for what nobody tells it.
            if (!init.Speaks(5000))
                break;
            var message = init.Read();
            if (message.Kind == MessageKind.Console)
                terminal ??= message.Descriptor;
            else
                message.Descriptor?.Dispose();
            if (message.Kind is MessageKind.Warning or MessageKind.Console or MessageKind.HookOutput or MessageKind.HookEnded)
                continue;
            if (message.Kind == MessageKind.HooksDue)
                init.Say(MessageKind.HooksDone);
            else if (message.Kind == MessageKind.Ready)
                init.Say(MessageKind.Commit);
            else
                break;
        }
        // Whatever else it asks for, it does not get; unless it only waits to be started.
        init.HangUp();
        bool executed = false;
        if (!init.HasEnded(20))
        {
            try
            {
                using var connection = init.Go();
                executed = InitProcess.Read(connection) == InitMessage.End;
            }
            catch (LinuxException)
            {
                // It ended in between, or never gets to listen: the next line tells.
            }
        }
        Assert.True(init.HasEnded(InitProcess.Patience), $"{what}: Init does not end");
        var status = init.Status();
        terminal?.Dispose();
        // How a program ends under limits that make no sense is not Init's affair.
        Assert.True(status.Code == 1 || executed, $"{what}: Init was ended by signal {status.Value}");
        return status.Value;
    }

    private static byte[] Change(byte[] plan, Random random, out string how)
    {
        byte[] changed = (byte[])plan.Clone();
        how = "";
        for (int n = random.Next(1, 4); n > 0; n--)
        {
            int at = random.Next(changed.Length);
            switch (random.Next(4))
            {
                case 0:
                    changed[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    changed[at] = (byte)random.Next(256);
                    break;
                case 2:
                    at &= ~3;
                    BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(at),
                        random.Next(3) switch { 0 => uint.MaxValue, 1 => (uint)random.Next(64), _ => (uint)random.Next(plan.Length + 8) });
                    break;
                default:
                    int from = random.Next(changed.Length) & ~7;
                    at &= ~7;
                    plan.AsSpan(from, Math.Min(8, plan.Length - Math.Max(from, at))).CopyTo(changed.AsSpan(at));
                    break;
            }
            how += $"{at} ";
        }
        return changed;
    }

    private static byte[] Make(TestContainer container)
    {
        File.SetUnixFileMode(container.Root, (UnixFileMode)0x1FF);
        foreach (string name in (string[])["dev", "etc"])
            File.SetUnixFileMode(Path.Combine(container.Root, name), (UnixFileMode)0x1FF);
        uint source = container.Source(container.Host);
        uint slot = container.Writer.NewSlot();
        container.Add(Opcode.OpenNullDevice, new OpenNullDevice { Slot = slot });
        container.Add(Opcode.NewSession);
        container.Add(Opcode.SetHostname, new SetHostname { Name = container.Text("a-host") });
        container.Begin();
        container.Mount("/dev", "tmpfs", MountAttr.NoSuid, MountFlags.KeepMode, ("size", "64k"), ("nr_inodes", "100"));
        container.Mount("/dev/pts", "devpts", 0, MountFlags.None, ("newinstance", null), ("ptmxmode", "0666"));
        container.Bind(source, "/etc/host", MountAttr.ReadOnly);
        container.Symlink("/dev/fd", "/proc/self/fd", MakeSymlinkFlags.IfTargetExists | MakeSymlinkFlags.Replace);
        container.Add(Opcode.MakeDirectory, new MakeDirectory { Path = container.Text("/dev/a/b"), Mode = 0x1ED });
        container.Add(Opcode.MaskPath, new MaskPath { Path = container.Text("/proc/keys"), NullSlot = slot });
        container.Add(Opcode.ReadonlyPath, new ReadonlyPath { Path = container.Text("/proc/sys") });
        container.Add(Opcode.RequestHooks);
        container.Hook("exit 0", timeout: 5, program: "/bin/true");
        container.Pivot();
        // What a program makes of its changed arguments is not to be seen.
        container.Add(Opcode.OpenConsole, new OpenConsole { Height = 24, Width = 80, BindConsole = 1 });
        container.Add(Opcode.SetIoPriority, new SetIoPriority { Value = 2 << 13 | 4 });
        container.Add(Opcode.SetMemoryPolicy, new SetMemoryPolicy { Mode = 2, Nodes = container.Writer.Array<ulong>([1, 0]) });
        container.Add(Opcode.SetPersonality, default(SetPersonality));
        container.Add(Opcode.SetUmask, new SetUmask { Mask = 0x12 });
        container.Enter("/dev/a", create: true, 1, 1);
        container.Identity(1, 1, [1, 2], bounding: 3, permitted: 1, flags: SetIdentityFlags.NoNewPrivileges);
        container.Find("/bin/none", "/bin/busybox");
        container.Ready();
        container.Execute(["busybox", "true"], ["A=b", "HOME="], homeOf: 1);
        return container.Plan();
    }
}
