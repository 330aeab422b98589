using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.Json;
using Csrun.Cgroups;

namespace Csrun.Runtime.Containers;

/// <summary>
/// The lines of <c>events</c>, member for member as runc writes them (types/events.go): what is 0 is left out where it
/// leaves it out.
/// </summary>
internal static class EventJson
{
    public static byte[] Oom(string id) => Line(id, "oom", null);

    public static byte[] Stats(string id, Statistics measured) => Line(id, "stats", measured);

    private static byte[] Line(string id, string type, Statistics? measured)
    {
        var buffer = new ArrayBufferWriter<byte>(8192);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true, Encoder = JsonText.Encoder }))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, type);
            json.WriteString("id"u8, id);
            if (measured is not null)
                Write(json, measured);
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, Statistics measured)
    {
        json.WriteStartObject("data"u8);
        Write(json, measured.Cpu);
        Write(json, measured.Cpuset);
        Write(json, measured.Memory);
        json.WriteStartObject("pids"u8);
        Optional(json, "current"u8, measured.Pids);
        Optional(json, "limit"u8, measured.PidsLimit);
        json.WriteEndObject();
        Write(json, measured.BlockIO);
        json.WriteStartObject("hugetlb"u8);
        foreach (var (size, usage, max, failures) in measured.Hugepages)
        {
            json.WriteStartObject(size);
            Optional(json, "usage"u8, usage);
            Optional(json, "max"u8, max);
            json.WriteNumber("failcnt"u8, failures);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteStartObject("intel_rdt"u8);
        json.WriteEndObject();
        json.WriteNull("network_interfaces"u8);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, CpuStatistics cpu)
    {
        json.WriteStartObject("cpu"u8);
        json.WriteStartObject("usage"u8);
        Optional(json, "total"u8, cpu.Total);
        Numbers(json, "percpu"u8, cpu.PerProcessor);
        Numbers(json, "percpu_kernel"u8, cpu.PerProcessorKernel);
        Numbers(json, "percpu_user"u8, cpu.PerProcessorUser);
        json.WriteNumber("kernel"u8, cpu.Kernel);
        json.WriteNumber("user"u8, cpu.User);
        json.WriteEndObject();
        json.WriteStartObject("throttling"u8);
        Optional(json, "periods"u8, cpu.Periods);
        Optional(json, "throttledPeriods"u8, cpu.ThrottledPeriods);
        Optional(json, "throttledTime"u8, cpu.ThrottledTime);
        json.WriteEndObject();
        Write(json, cpu.Pressure);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, CpusetStatistics cpuset)
    {
        json.WriteStartObject("cpuset"u8);
        Numbers(json, "cpus"u8, cpuset.Cpus);
        json.WriteNumber("cpu_exclusive"u8, cpuset.CpuExclusive);
        Numbers(json, "mems"u8, cpuset.Mems);
        json.WriteNumber("mem_hardwall"u8, cpuset.MemHardwall);
        json.WriteNumber("mem_exclusive"u8, cpuset.MemExclusive);
        json.WriteNumber("memory_migrate"u8, cpuset.MemoryMigrate);
        json.WriteNumber("memory_spread_page"u8, cpuset.MemorySpreadPage);
        json.WriteNumber("memory_spread_slab"u8, cpuset.MemorySpreadSlab);
        json.WriteNumber("memory_pressure"u8, cpuset.MemoryPressure);
        json.WriteNumber("sched_load_balance"u8, cpuset.SchedLoadBalance);
        json.WriteNumber("sched_relax_domain_level"u8, cpuset.SchedRelaxDomainLevel);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, MemoryStatistics memory)
    {
        json.WriteStartObject("memory"u8);
        Optional(json, "cache"u8, memory.Cache);
        Counter(json, "usage"u8, memory.Usage);
        Counter(json, "swap"u8, memory.Swap);
        Counter(json, "kernel"u8, memory.Kernel);
        Counter(json, "kernelTCP"u8, memory.KernelTcp);
        if (memory.Raw.Count > 0)
        {
            json.WriteStartObject("raw"u8);
            foreach (var (name, value) in memory.Raw)
                json.WriteNumber(name, value);
            json.WriteEndObject();
        }
        Write(json, memory.Pressure);
        json.WriteEndObject();
    }

    private static void Counter(Utf8JsonWriter json, ReadOnlySpan<byte> name, MemoryCounter counter)
    {
        if (counter == default)
            return;
        json.WriteStartObject(name);
        json.WriteNumber("limit"u8, counter.Limit);
        Optional(json, "usage"u8, counter.Usage);
        Optional(json, "max"u8, counter.Max);
        json.WriteNumber("failcnt"u8, counter.Failures);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, BlockIOStatistics io)
    {
        json.WriteStartObject("blkio"u8);
        Entries(json, "ioServiceBytesRecursive"u8, io.ServiceBytes);
        Entries(json, "ioServicedRecursive"u8, io.Serviced);
        Entries(json, "ioQueueRecursive"u8, io.Queued);
        Entries(json, "ioServiceTimeRecursive"u8, io.ServiceTime);
        Entries(json, "ioWaitTimeRecursive"u8, io.WaitTime);
        Entries(json, "ioMergedRecursive"u8, io.Merged);
        Entries(json, "ioTimeRecursive"u8, io.Time);
        Entries(json, "sectorsRecursive"u8, io.Sectors);
        Write(json, io.Pressure);
        json.WriteEndObject();
    }

    private static void Entries(Utf8JsonWriter json, ReadOnlySpan<byte> name, List<BlockIOEntry> entries)
    {
        if (entries.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (var entry in entries)
        {
            json.WriteStartObject();
            Optional(json, "major"u8, entry.Major);
            Optional(json, "minor"u8, entry.Minor);
            if (entry.Operation.Length > 0)
                json.WriteString("op"u8, entry.Operation);
            Optional(json, "value"u8, entry.Value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, Pressure? pressure)
    {
        if (pressure is null)
            return;
        json.WriteStartObject("psi"u8);
        Write(json, "some"u8, pressure.Some);
        Write(json, "full"u8, pressure.Full);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, PressureLine line)
    {
        if (line == default)
            return;
        json.WriteStartObject(name);
        json.WriteNumber("avg10"u8, line.Average10);
        json.WriteNumber("avg60"u8, line.Average60);
        json.WriteNumber("avg300"u8, line.Average300);
        json.WriteNumber("total"u8, line.Total);
        json.WriteEndObject();
    }

    private static void Numbers(Utf8JsonWriter json, ReadOnlySpan<byte> name, List<ulong> numbers)
    {
        if (numbers.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (ulong number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static void Optional(Utf8JsonWriter json, ReadOnlySpan<byte> name, ulong value)
    {
        if (value != 0)
            json.WriteNumber(name, value);
    }
}
