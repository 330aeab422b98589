namespace Csrun.Runtime.Cli;

/// <summary>The options of <c>update</c>, named as runc names them.</summary>
internal static partial class Options
{
    public static readonly Option Resources = new("resources", OptionKind.Text, "file with the limits as JSON, or - for standard input")
    { Short = "r", ValueName = "file", IsPath = true };

    public static readonly Option BlkioWeight = new("blkio-weight", OptionKind.Text, "weight of block I/O, 10 to 1000") { ValueName = "weight" };

    public static readonly Option CpuPeriod = new("cpu-period", OptionKind.Text, "period over which processor time is limited") { ValueName = "us" };

    public static readonly Option CpuQuota = new("cpu-quota", OptionKind.Text, "processor time in each period, -1 for no limit") { ValueName = "us" };

    public static readonly Option CpuBurst = new("cpu-burst", OptionKind.Text, "unused processor time that may be saved up") { ValueName = "us" };

    public static readonly Option CpuShare = new("cpu-share", OptionKind.Text, "weight of processor time, 2 to 262144") { ValueName = "shares" };

    public static readonly Option CpuRtPeriod = new("cpu-rt-period", OptionKind.Text, "period over which realtime processor time is limited") { ValueName = "us" };

    public static readonly Option CpuRtRuntime = new("cpu-rt-runtime", OptionKind.Text, "realtime processor time in each period") { ValueName = "us" };

    public static readonly Option CpuIdle = new("cpu-idle", OptionKind.Text, "1: only processor time that nobody else wants; 0: ordinary") { ValueName = "0|1" };

    public static readonly Option CpusetCpus = new("cpuset-cpus", OptionKind.Text, "processors that may be used, like 0-3,7") { ValueName = "list" };

    public static readonly Option CpusetMems = new("cpuset-mems", OptionKind.Text, "memory nodes that may be used, like 0-1") { ValueName = "list" };

    public static readonly Option KernelMemory = new("kernel-memory", OptionKind.Text, "ignored: kernels no longer have this limit") { ValueName = "bytes" };

    public static readonly Option KernelMemoryTcp = new("kernel-memory-tcp", OptionKind.Text, "ignored: kernels no longer have this limit") { ValueName = "bytes" };

    public static readonly Option Memory = new("memory", OptionKind.Text, "limit of memory, like 512M; -1 for none") { ValueName = "bytes" };

    public static readonly Option MemoryReservation = new("memory-reservation", OptionKind.Text, "memory that is kept when memory is short") { ValueName = "bytes" };

    public static readonly Option MemorySwap = new("memory-swap", OptionKind.Text, "limit of memory and swap together; -1 for none") { ValueName = "bytes" };

    public static readonly Option PidsLimit = new("pids-limit", OptionKind.Text, "limit of processes and threads, -1 for none") { ValueName = "n" };

    public static readonly Option L3CacheSchema = new("l3-cache-schema", OptionKind.Text, "schema of Intel RDT for the L3 cache") { ValueName = "schema" };

    public static readonly Option MemBwSchema = new("mem-bw-schema", OptionKind.Text, "schema of Intel RDT for memory bandwidth") { ValueName = "schema" };
}
