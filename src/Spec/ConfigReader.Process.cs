namespace Csrun.Spec;

public static partial class ConfigReader
{
    private static Process? Process(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var process = new Process();
        while (json.Next(ref members))
        {
            if (members.Is("cwd"u8)) process.Cwd = json.Text() ?? "";
            else if (members.Is("args"u8)) process.Args = json.Texts();
            else if (members.Is("env"u8)) process.Env = json.Utf8Texts();
            else if (members.Is("user"u8)) process.User = User(ref json);
            else if (members.Is("terminal"u8)) process.Terminal = json.Bool() ?? false;
            else if (members.Is("consoleSize"u8)) process.ConsoleSize = ConsoleSize(ref json);
            else if (members.Is("rlimits"u8)) process.Rlimits = json.Array(Rlimit);
            else if (members.Is("capabilities"u8)) process.Capabilities = Capabilities(ref json);
            else if (members.Is("noNewPrivileges"u8)) process.NoNewPrivileges = json.Bool() ?? false;
            else if (members.Is("apparmorProfile"u8)) process.ApparmorProfile = json.Text();
            else if (members.Is("oomScoreAdj"u8)) process.OomScoreAdj = json.Int32();
            else if (members.Is("scheduler"u8)) process.Scheduler = Scheduler(ref json);
            else if (members.Is("selinuxLabel"u8)) process.SelinuxLabel = json.Text();
            else if (members.Is("ioPriority"u8)) process.IoPriority = IoPriority(ref json);
            else if (members.Is("execCPUAffinity"u8)) process.ExecCPUAffinity = ExecCPUAffinity(ref json);
            else json.Skip();
        }
        json.Require(members, "cwd"u8);
        return process;
    }

    private static ConsoleSize? ConsoleSize(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var size = new ConsoleSize();
        while (json.Next(ref members))
        {
            if (members.Is("height"u8)) size.Height = json.UInt32() ?? 0;
            else if (members.Is("width"u8)) size.Width = json.UInt32() ?? 0;
            else json.Skip();
        }
        json.Require(members, "height"u8, "width"u8);
        return size;
    }

    private static User? User(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var user = new User();
        while (json.Next(ref members))
        {
            if (members.Is("uid"u8)) user.Uid = json.UInt32() ?? 0;
            else if (members.Is("gid"u8)) user.Gid = json.UInt32() ?? 0;
            else if (members.Is("umask"u8)) user.Umask = json.UInt32();
            else if (members.Is("additionalGids"u8)) user.AdditionalGids = json.UInt32s();
            else json.Skip();
        }
        json.Require(members, "uid"u8, "gid"u8);
        return user;
    }

    private static Capabilities? Capabilities(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var capabilities = new Capabilities();
        while (json.Next(ref members))
        {
            if (members.Is("bounding"u8)) capabilities.Bounding = json.Texts();
            else if (members.Is("effective"u8)) capabilities.Effective = json.Texts();
            else if (members.Is("inheritable"u8)) capabilities.Inheritable = json.Texts();
            else if (members.Is("permitted"u8)) capabilities.Permitted = json.Texts();
            else if (members.Is("ambient"u8)) capabilities.Ambient = json.Texts();
            else json.Skip();
        }
        return capabilities;
    }

    private static Rlimit? Rlimit(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var rlimit = new Rlimit();
        while (json.Next(ref members))
        {
            if (members.Is("type"u8)) rlimit.Type = json.OneOf<RlimitType>(Names.RlimitTypes) ?? default;
            else if (members.Is("hard"u8)) rlimit.Hard = json.UInt64() ?? 0;
            else if (members.Is("soft"u8)) rlimit.Soft = json.UInt64() ?? 0;
            else json.Skip();
        }
        json.Require(members, "type"u8, "hard"u8, "soft"u8);
        return rlimit;
    }

    private static Scheduler? Scheduler(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var scheduler = new Scheduler();
        while (json.Next(ref members))
        {
            if (members.Is("policy"u8)) scheduler.Policy = json.OneOf<SchedulerPolicy>(Names.SchedulerPolicies) ?? default;
            else if (members.Is("nice"u8)) scheduler.Nice = json.Int32();
            else if (members.Is("priority"u8)) scheduler.Priority = json.Int32();
            else if (members.Is("flags"u8)) scheduler.Flags = json.SomeOf<SchedulerFlag>(Names.SchedulerFlags);
            else if (members.Is("runtime"u8)) scheduler.Runtime = json.UInt64();
            else if (members.Is("deadline"u8)) scheduler.Deadline = json.UInt64();
            else if (members.Is("period"u8)) scheduler.Period = json.UInt64();
            else json.Skip();
        }
        json.Require(members, "policy"u8);
        return scheduler;
    }

    private static IoPriority? IoPriority(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var priority = new IoPriority();
        while (json.Next(ref members))
        {
            if (members.Is("class"u8)) priority.Class = json.OneOf<IoPriorityClass>(Names.IoPriorityClasses) ?? default;
            else if (members.Is("priority"u8)) priority.Priority = json.Int32() ?? 0;
            else json.Skip();
        }
        json.Require(members, "class"u8, "priority"u8);
        return priority;
    }

    private static ExecCPUAffinity? ExecCPUAffinity(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var affinity = new ExecCPUAffinity();
        while (json.Next(ref members))
        {
            if (members.Is("initial"u8)) affinity.Initial = json.Text();
            else if (members.Is("final"u8)) affinity.Final = json.Text();
            else json.Skip();
        }
        return affinity;
    }
}
