namespace Csrun.Spec;

public static partial class ConfigReader
{
    private static Resources? Resources(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var resources = new Resources();
        while (json.Next(ref members))
        {
            if (members.Is("devices"u8)) resources.Devices = json.Array(DeviceCgroup);
            else if (members.Is("memory"u8)) resources.Memory = Memory(ref json);
            else if (members.Is("cpu"u8)) resources.Cpu = Cpu(ref json);
            else if (members.Is("pids"u8)) resources.Pids = Pids(ref json);
            else if (members.Is("blockIO"u8)) resources.BlockIO = BlockIO(ref json);
            else if (members.Is("hugepageLimits"u8)) resources.HugepageLimits = json.Array(HugepageLimit);
            else if (members.Is("network"u8)) resources.Network = Network(ref json);
            else if (members.Is("rdma"u8)) resources.Rdma = json.Map(Rdma);
            else if (members.Is("unified"u8)) resources.Unified = json.Map(Text);
            else json.Skip();
        }
        return resources;
    }

    private static DeviceCgroup? DeviceCgroup(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var rule = new DeviceCgroup();
        while (json.Next(ref members))
        {
            if (members.Is("allow"u8)) rule.Allow = json.Bool() ?? false;
            else if (members.Is("type"u8)) rule.Type = json.OneOf<DeviceCgroupType>(Names.DeviceCgroupTypes);
            else if (members.Is("major"u8)) rule.Major = json.Int64();
            else if (members.Is("minor"u8)) rule.Minor = json.Int64();
            else if (members.Is("access"u8)) rule.Access = json.Text();
            else json.Skip();
        }
        json.Require(members, "allow"u8);
        return rule;
    }

    private static Memory? Memory(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var memory = new Memory();
        while (json.Next(ref members))
        {
            if (members.Is("limit"u8)) memory.Limit = json.Int64();
            else if (members.Is("reservation"u8)) memory.Reservation = json.Int64();
            else if (members.Is("swap"u8)) memory.Swap = json.Int64();
            else if (members.Is("kernel"u8)) memory.Kernel = json.Int64();
            else if (members.Is("kernelTCP"u8)) memory.KernelTCP = json.Int64();
            else if (members.Is("swappiness"u8)) memory.Swappiness = json.UInt64();
            else if (members.Is("disableOOMKiller"u8)) memory.DisableOOMKiller = json.Bool();
            else if (members.Is("useHierarchy"u8)) memory.UseHierarchy = json.Bool();
            else if (members.Is("checkBeforeUpdate"u8)) memory.CheckBeforeUpdate = json.Bool();
            else json.Skip();
        }
        return memory;
    }

    private static Cpu? Cpu(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var cpu = new Cpu();
        while (json.Next(ref members))
        {
            if (members.Is("shares"u8)) cpu.Shares = json.UInt64();
            else if (members.Is("quota"u8)) cpu.Quota = json.Int64();
            else if (members.Is("burst"u8)) cpu.Burst = json.UInt64();
            else if (members.Is("period"u8)) cpu.Period = json.UInt64();
            else if (members.Is("realtimeRuntime"u8)) cpu.RealtimeRuntime = json.Int64();
            else if (members.Is("realtimePeriod"u8)) cpu.RealtimePeriod = json.UInt64();
            else if (members.Is("cpus"u8)) cpu.Cpus = json.Text();
            else if (members.Is("mems"u8)) cpu.Mems = json.Text();
            else if (members.Is("idle"u8)) cpu.Idle = json.Int64();
            else json.Skip();
        }
        return cpu;
    }

    private static Pids? Pids(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var pids = new Pids();
        while (json.Next(ref members))
        {
            if (members.Is("limit"u8)) pids.Limit = json.Int64();
            else json.Skip();
        }
        return pids;
    }

    private static BlockIO? BlockIO(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var io = new BlockIO();
        while (json.Next(ref members))
        {
            if (members.Is("weight"u8)) io.Weight = json.UInt16();
            else if (members.Is("leafWeight"u8)) io.LeafWeight = json.UInt16();
            else if (members.Is("weightDevice"u8)) io.WeightDevice = json.Array(WeightDevice);
            else if (members.Is("throttleReadBpsDevice"u8)) io.ThrottleReadBpsDevice = json.Array(ThrottleDevice);
            else if (members.Is("throttleWriteBpsDevice"u8)) io.ThrottleWriteBpsDevice = json.Array(ThrottleDevice);
            else if (members.Is("throttleReadIOPSDevice"u8)) io.ThrottleReadIOPSDevice = json.Array(ThrottleDevice);
            else if (members.Is("throttleWriteIOPSDevice"u8)) io.ThrottleWriteIOPSDevice = json.Array(ThrottleDevice);
            else json.Skip();
        }
        return io;
    }

    private static WeightDevice? WeightDevice(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var device = new WeightDevice();
        while (json.Next(ref members))
        {
            if (members.Is("major"u8)) device.Major = json.Int64() ?? 0;
            else if (members.Is("minor"u8)) device.Minor = json.Int64() ?? 0;
            else if (members.Is("weight"u8)) device.Weight = json.UInt16();
            else if (members.Is("leafWeight"u8)) device.LeafWeight = json.UInt16();
            else json.Skip();
        }
        json.Require(members, "major"u8, "minor"u8);
        return device;
    }

    private static ThrottleDevice? ThrottleDevice(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var device = new ThrottleDevice();
        while (json.Next(ref members))
        {
            if (members.Is("major"u8)) device.Major = json.Int64() ?? 0;
            else if (members.Is("minor"u8)) device.Minor = json.Int64() ?? 0;
            else if (members.Is("rate"u8)) device.Rate = json.UInt64() ?? 0;
            else json.Skip();
        }
        json.Require(members, "major"u8, "minor"u8, "rate"u8);
        return device;
    }

    private static HugepageLimit? HugepageLimit(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var limit = new HugepageLimit();
        while (json.Next(ref members))
        {
            if (members.Is("pageSize"u8)) limit.PageSize = json.Text() ?? "";
            else if (members.Is("limit"u8)) limit.Limit = json.UInt64() ?? 0;
            else json.Skip();
        }
        json.Require(members, "pageSize"u8, "limit"u8);
        return limit;
    }

    private static Network? Network(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var network = new Network();
        while (json.Next(ref members))
        {
            if (members.Is("classID"u8)) network.ClassID = json.UInt32();
            else if (members.Is("priorities"u8)) network.Priorities = json.Array(InterfacePriority);
            else json.Skip();
        }
        return network;
    }

    private static InterfacePriority? InterfacePriority(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var priority = new InterfacePriority();
        while (json.Next(ref members))
        {
            if (members.Is("name"u8)) priority.Name = json.Text() ?? "";
            else if (members.Is("priority"u8)) priority.Priority = json.UInt32() ?? 0;
            else json.Skip();
        }
        json.Require(members, "name"u8, "priority"u8);
        return priority;
    }

    private static Rdma? Rdma(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var rdma = new Rdma();
        while (json.Next(ref members))
        {
            if (members.Is("hcaHandles"u8)) rdma.HcaHandles = json.UInt32();
            else if (members.Is("hcaObjects"u8)) rdma.HcaObjects = json.UInt32();
            else json.Skip();
        }
        return rdma;
    }
}
