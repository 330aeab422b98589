using System;
using System.Collections.Generic;
using System.Globalization;
using Csrun.Linux;
using Csrun.Runtime.Containers;
using Csrun.Spec;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun update</c>.</summary>
internal static class UpdateCommand
{
    private const string KernelIgnored = "limits of kernel memory are ignored: kernels no longer have them";

    public static int Run(Invocation invocation)
    {
        Lifecycle.Update(Request(invocation));
        return 0;
    }

    public static UpdateRequest Request(Invocation invocation)
    {
        var request = new UpdateRequest
        {
            Id = invocation.Arguments[0],
            Options = GlobalOptions.Of(invocation),
            Resources = new Resources(),
            // Not part of the resources: a file with those does not replace them.
            L3CacheSchema = invocation.Text(Options.L3CacheSchema),
            MemBwSchema = invocation.Text(Options.MemBwSchema),
        };
        if (invocation.Text(Options.Resources) is not { } file)
        {
            var given = Read(invocation);
            Validate(given, null);
            return request with { Resources = given, Where = OptionOf };
        }
        string name = file == "-" ? "standard input" : file;
        byte[] json = file == "-" ? Files.ReadAll(0, ConfigReader.MaxBytes, name) : ReadFile(file);
        var resources = ConfigReader.ReadResources(json, name);
        Validate(resources, name);
        return request with { Resources = resources, Document = name };
    }

    private static byte[] ReadFile(string path)
    {
        try
        {
            return Files.ReadAll(At.Cwd, path, ConfigReader.MaxBytes);
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.OptionInvalid, "--resources");
        }
    }

    private static void Validate(Resources resources, string? document)
    {
        var found = Validator.ValidateUpdate(resources);
        foreach (var finding in found)
        {
            if (finding.Severity == Severity.Warning)
                Log.Warning(document is null ? KernelIgnored : $"{document}: {finding}");
        }
        found.RemoveAll(static finding => finding.Severity == Severity.Warning);
        if (found.Count == 0)
            return;
        if (document is not null)
            throw new ConfigException(document, found);
        throw new CsrunException(found[0].Code, found[0].Message, where: OptionOf(found[0].Path));
    }

    private static Resources Read(Invocation given)
    {
        var resources = new Resources
        {
            Memory = new Memory
            {
                Limit = Bytes(given, Options.Memory),
                Swap = Bytes(given, Options.MemorySwap),
                Reservation = Bytes(given, Options.MemoryReservation),
                Kernel = Bytes(given, Options.KernelMemory),
                KernelTCP = Bytes(given, Options.KernelMemoryTcp),
            },
            Cpu = new Cpu
            {
                Shares = Unsigned(given, Options.CpuShare),
                Quota = Signed(given, Options.CpuQuota),
                Burst = Unsigned(given, Options.CpuBurst),
                Period = Unsigned(given, Options.CpuPeriod),
                RealtimeRuntime = Signed(given, Options.CpuRtRuntime),
                RealtimePeriod = Unsigned(given, Options.CpuRtPeriod),
                Cpus = given.Text(Options.CpusetCpus),
                Mems = given.Text(Options.CpusetMems),
                Idle = Signed(given, Options.CpuIdle),
            },
            Pids = new Pids { Limit = Signed(given, Options.PidsLimit) },
            BlockIO = new BlockIO { Weight = Weight(given) },
        };
        return resources;
    }

    private static ushort? Weight(Invocation given)
    {
        const ushort most = 1000;
        return Unsigned(given, Options.BlkioWeight) is not { } weight ? null
            : weight <= most ? (ushort)weight
            : throw Invalid(Options.BlkioWeight, given.Text(Options.BlkioWeight)!, "from 10 to 1000");
    }

    private static long? Signed(Invocation given, Option option) =>
        given.Text(option) is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value
        : throw Invalid(option, text, "not a number");

    private static ulong? Unsigned(Invocation given, Option option) =>
        given.Text(option) is not { } text ? null
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value
        : throw Invalid(option, text, "not a number");

    private static long? Bytes(Invocation given, Option option) =>
        given.Text(option) is not { } text ? null
        : ByteSize.TryParse(text, out long value) ? value
        : throw Invalid(option, text, "a number of bytes like 1048576, 512M or 1.5g, or -1");

    private static CsrunException Invalid(Option option, string text, string why) =>
        new(ErrorCodes.OptionInvalid, $"invalid value for {option.Name}: \"{text}\"", hint: why);

    /// <summary>The option that stands for a member of the resources.</summary>
    private static string OptionOf(string path) => "--" + path switch
    {
        "memory.limit" => Options.Memory.Name,
        "memory.swap" => Options.MemorySwap.Name,
        "memory.reservation" => Options.MemoryReservation.Name,
        "cpu.shares" => Options.CpuShare.Name,
        "cpu.quota" => Options.CpuQuota.Name,
        "cpu.burst" => Options.CpuBurst.Name,
        "cpu.period" => Options.CpuPeriod.Name,
        "cpu.realtimeRuntime" => Options.CpuRtRuntime.Name,
        "cpu.realtimePeriod" => Options.CpuRtPeriod.Name,
        "cpu.cpus" => Options.CpusetCpus.Name,
        "cpu.mems" => Options.CpusetMems.Name,
        "cpu.idle" => Options.CpuIdle.Name,
        "pids.limit" => Options.PidsLimit.Name,
        "blockIO.weight" => Options.BlkioWeight.Name,
        _ => path,
    };
}
