namespace Csrun.Spec;

public static partial class ConfigReader
{
    private static LinuxSection? Linux(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var linux = new LinuxSection();
        while (json.Next(ref members))
        {
            if (members.Is("namespaces"u8)) linux.Namespaces = json.Array(Namespace);
            else if (members.Is("uidMappings"u8)) linux.UidMappings = json.Array(IdMapping);
            else if (members.Is("gidMappings"u8)) linux.GidMappings = json.Array(IdMapping);
            else if (members.Is("timeOffsets"u8)) linux.TimeOffsets = TimeOffsets(ref json);
            else if (members.Is("devices"u8)) linux.Devices = json.Array(Device);
            else if (members.Is("netDevices"u8)) linux.NetDevices = json.Map(NetDevice);
            else if (members.Is("cgroupsPath"u8)) linux.CgroupsPath = json.Text();
            else if (members.Is("resources"u8)) linux.Resources = Resources(ref json);
            else if (members.Is("intelRdt"u8)) linux.IntelRdt = IntelRdt(ref json);
            else if (members.Is("memoryPolicy"u8)) linux.MemoryPolicy = MemoryPolicy(ref json);
            else if (members.Is("sysctl"u8)) linux.Sysctl = json.Map(Text);
            else if (members.Is("seccomp"u8)) linux.Seccomp = SeccompProfile(ref json);
            else if (members.Is("rootfsPropagation"u8)) linux.RootfsPropagation = json.OneOf<RootfsPropagation>(Names.RootfsPropagations);
            else if (members.Is("maskedPaths"u8)) linux.MaskedPaths = json.Texts();
            else if (members.Is("readonlyPaths"u8)) linux.ReadonlyPaths = json.Texts();
            else if (members.Is("mountLabel"u8)) linux.MountLabel = json.Text();
            else if (members.Is("personality"u8)) linux.Personality = Personality(ref json);
            else json.Skip();
        }
        return linux;
    }

    private static Namespace? Namespace(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var item = new Namespace();
        while (json.Next(ref members))
        {
            if (members.Is("type"u8)) item.Type = json.OneOf<NamespaceType>(Names.NamespaceTypes) ?? default;
            else if (members.Is("path"u8)) item.Path = json.Text();
            else json.Skip();
        }
        json.Require(members, "type"u8);
        return item;
    }

    private static IdMapping? IdMapping(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var mapping = new IdMapping();
        while (json.Next(ref members))
        {
            if (members.Is("containerID"u8)) mapping.ContainerID = json.UInt32() ?? 0;
            else if (members.Is("hostID"u8)) mapping.HostID = json.UInt32() ?? 0;
            else if (members.Is("size"u8)) mapping.Size = json.UInt32() ?? 0;
            else json.Skip();
        }
        json.Require(members, "containerID"u8, "hostID"u8, "size"u8);
        return mapping;
    }

    private static TimeOffsets? TimeOffsets(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var offsets = new TimeOffsets();
        while (json.Next(ref members))
        {
            if (members.Is("monotonic"u8)) offsets.Monotonic = TimeOffset(ref json);
            else if (members.Is("boottime"u8)) offsets.Boottime = TimeOffset(ref json);
            else json.ReportUnknown(members, "only the clocks monotonic and boottime can be shifted");
        }
        return offsets;
    }

    private static TimeOffset? TimeOffset(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var offset = new TimeOffset();
        while (json.Next(ref members))
        {
            if (members.Is("secs"u8)) offset.Secs = json.Int64() ?? 0;
            else if (members.Is("nanosecs"u8)) offset.Nanosecs = json.UInt32() ?? 0;
            else json.Skip();
        }
        return offset;
    }

    private static Device? Device(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var device = new Device();
        while (json.Next(ref members))
        {
            if (members.Is("type"u8)) device.Type = json.OneOf<DeviceType>(Names.DeviceTypes) ?? default;
            else if (members.Is("path"u8)) device.Path = json.Text() ?? "";
            else if (members.Is("major"u8)) device.Major = json.Int64();
            else if (members.Is("minor"u8)) device.Minor = json.Int64();
            else if (members.Is("fileMode"u8)) device.FileMode = json.UInt32();
            else if (members.Is("uid"u8)) device.Uid = json.UInt32();
            else if (members.Is("gid"u8)) device.Gid = json.UInt32();
            else json.Skip();
        }
        json.Require(members, "type"u8, "path"u8);
        return device;
    }

    private static NetDevice? NetDevice(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var device = new NetDevice();
        while (json.Next(ref members))
        {
            if (members.Is("name"u8)) device.Name = json.Text();
            else json.Skip();
        }
        return device;
    }

    private static IntelRdt? IntelRdt(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var rdt = new IntelRdt();
        while (json.Next(ref members))
        {
            if (members.Is("closID"u8)) rdt.ClosID = json.Text();
            else if (members.Is("schemata"u8)) rdt.Schemata = json.Texts();
            else if (members.Is("l3CacheSchema"u8)) rdt.L3CacheSchema = json.Text();
            else if (members.Is("memBwSchema"u8)) rdt.MemBwSchema = json.Text();
            else if (members.Is("enableMonitoring"u8)) rdt.EnableMonitoring = json.Bool() ?? false;
            else json.Skip();
        }
        return rdt;
    }

    private static MemoryPolicy? MemoryPolicy(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var policy = new MemoryPolicy();
        while (json.Next(ref members))
        {
            if (members.Is("mode"u8)) policy.Mode = json.OneOf<MemoryPolicyMode>(Names.MemoryPolicyModes) ?? default;
            else if (members.Is("nodes"u8)) policy.Nodes = json.Text();
            else if (members.Is("flags"u8)) policy.Flags = json.SomeOf<MemoryPolicyFlag>(Names.MemoryPolicyFlags);
            else json.Skip();
        }
        json.Require(members, "mode"u8);
        return policy;
    }

    private static Personality? Personality(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var personality = new Personality();
        while (json.Next(ref members))
        {
            if (members.Is("domain"u8)) personality.Domain = json.OneOf<PersonalityDomain>(Names.PersonalityDomains) ?? default;
            else if (members.Is("flags"u8)) personality.Flags = json.Texts();
            else json.Skip();
        }
        json.Require(members, "domain"u8);
        return personality;
    }

    private static SeccompProfile? SeccompProfile(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var profile = new SeccompProfile();
        while (json.Next(ref members))
        {
            if (members.Is("defaultAction"u8)) profile.DefaultAction = json.OneOf<SeccompAction>(Names.SeccompActions) ?? default;
            else if (members.Is("defaultErrnoRet"u8)) profile.DefaultErrnoRet = json.UInt32();
            else if (members.Is("architectures"u8)) profile.Architectures = json.SomeOf<SeccompArchitecture>(Names.SeccompArchitectures);
            else if (members.Is("flags"u8)) profile.Flags = json.SomeOf<SeccompFlag>(Names.SeccompFlags);
            else if (members.Is("listenerPath"u8)) profile.ListenerPath = json.Text();
            else if (members.Is("listenerMetadata"u8)) profile.ListenerMetadata = json.FreeText();
            else if (members.Is("syscalls"u8)) profile.Syscalls = json.Array(SeccompRule);
            else json.Skip();
        }
        json.Require(members, "defaultAction"u8);
        return profile;
    }

    private static SeccompRule? SeccompRule(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var rule = new SeccompRule();
        while (json.Next(ref members))
        {
            if (members.Is("names"u8)) rule.Names = json.Texts() ?? [];
            else if (members.Is("action"u8)) rule.Action = json.OneOf<SeccompAction>(Names.SeccompActions) ?? default;
            else if (members.Is("errnoRet"u8)) rule.ErrnoRet = json.UInt32();
            else if (members.Is("args"u8)) rule.Args = json.Array(SeccompArg);
            else json.Skip();
        }
        json.Require(members, "names"u8, "action"u8);
        return rule;
    }

    private static SeccompArg? SeccompArg(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var arg = new SeccompArg();
        while (json.Next(ref members))
        {
            if (members.Is("index"u8)) arg.Index = json.UInt32() ?? 0;
            else if (members.Is("value"u8)) arg.Value = json.UInt64() ?? 0;
            else if (members.Is("op"u8)) arg.Op = json.OneOf<SeccompOperator>(Names.SeccompOperators) ?? default;
            else if (members.Is("valueTwo"u8)) arg.ValueTwo = json.UInt64() ?? 0;
            else json.Skip();
        }
        json.Require(members, "index"u8, "value"u8, "op"u8);
        return arg;
    }
}
