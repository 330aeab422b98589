using System;
using System.Collections.Generic;
using System.IO;
using Csrun.Cgroups;
using Csrun.Runtime.Compiler;
using Csrun.Spec;
using SharpFuzz;

namespace Csrun.Fuzz;

/// <summary><c>fuzz config|process|resources [FILE]</c>: without a file, the program that afl-fuzz drives; with one, a try of it.</summary>
internal static class Program
{
    private static readonly CompileOptions Options = new() { Id = "fuzz", Bundle = "/bundle", RootfsPath = "/bundle/rootfs" };

    private static int Main(string[] arguments)
    {
        Action<byte[]>? target = arguments is [var name, ..] ? Target(name) : null;
        if (target is null)
        {
            Console.Error.WriteLine("usage: fuzz config|process|resources [FILE]");
            return 2;
        }

        if (arguments is [_, var file])
        {
            Try(target, File.ReadAllBytes(file));
        }
        else
        {
            Fuzzer.OutOfProcess.Run(input => Try(target, ReadAll(input)));
        }

        return 0;
    }

    private static Action<byte[]>? Target(string name) => name switch
    {
        "config" => Config,
        "process" => static bytes => Validator.ValidateProcess(ConfigReader.ReadProcess(bytes, "process.json")),
        "resources" => Resources,
        _ => null,
    };

    /// <summary>Anything but a refusal is a crash.</summary>
    private static void Try(Action<byte[]> target, byte[] bytes)
    {
        try
        {
            target(bytes);
        }
        catch (ConfigException refused) when (refused.Findings.Count > 0)
        {
            // As it should be.
        }
    }

    private static void Config(byte[] bytes)
    {
        var config = ConfigReader.Read(bytes, "config.json");
        if (IsRight(Validator.Validate(config)))
        {
            var facts = new HostFacts();
            PlanText.Write(new PlanDocument(config, Options, facts, PlanCompiler.Compile(config, Options, facts)));
        }
    }

    private static void Resources(byte[] bytes)
    {
        var resources = ConfigReader.ReadResources(bytes, "resources.json");
        if (IsRight(Validator.ValidateUpdate(resources)))
        {
            DeviceProgram.Compile(DeviceRules.From(resources.Devices));
            var context = new ResourceContext("");
            _ = Cgroups.V1.Limits.From(resources, context);
            _ = Cgroups.V2.Limits.From(resources, context);
        }
    }

    private static bool IsRight(List<Finding> findings) => !findings.Exists(static f => f.Severity == Severity.Error);

    private static byte[] ReadAll(Stream input)
    {
        using var copy = new MemoryStream();
        input.CopyTo(copy);
        return copy.ToArray();
    }
}
