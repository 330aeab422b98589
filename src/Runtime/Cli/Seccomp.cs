using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Csrun.Linux;
using Csrun.Seccomp;
using Csrun.Spec;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun seccomp compile|explain|diff</c>: what a profile's filter is and does.</summary>
internal static class SeccompCommand
{
    private const int AreDifferent = 1;

    public static int Run(Invocation invocation)
    {
        switch (invocation.Argument(0))
        {
            case "compile" when invocation.Arguments.Count == 2:
                return Compile(Read(invocation.Argument(1)!), invocation.Flag(Options.Raw));
            case "explain" when invocation.Arguments.Count is >= 3 and <= 9:
                return Explain(Read(invocation.Argument(1)!), invocation.Arguments[2], invocation.Arguments.Count == 3 ? null : Numbers(invocation.Arguments[3..]));
            case "diff" when invocation.Arguments.Count == 3:
                return Diff(Read(invocation.Argument(1)!), Read(invocation.Argument(2)!));
            default:
                throw new CsrunException(ErrorCodes.WrongArguments, "\"seccomp\" takes compile PROFILE, explain PROFILE SYSCALL [ARGUMENT...] or diff PROFILE PROFILE",
                    hint: "see \"csrun seccomp --help\"");
        }
    }

    private static int Compile(SeccompProfile profile, bool raw)
    {
        ulong[] program;
        try
        {
            program = FilterCompiler.Compile(profile);
        }
        catch (FilterTooLongException e)
        {
            throw new CsrunException(ErrorCodes.SeccompUnsupported, e.Message);
        }
        _ = raw ? Output.Stdout(MemoryMarshal.AsBytes<ulong>(program)) : Output.Stdout(Listing.Of(program));
        return 0;
    }

    private static int Explain(SeccompProfile profile, string call, ulong[]? arguments)
    {
        var decisions = Explanation.Of(profile, call, arguments);
        if (decisions.Count == 0)
            throw new CsrunException(ErrorCodes.SeccompQuestion, "no architecture of the profile has a call", call);
        var text = new StringBuilder();
        foreach (var decision in decisions)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Explanation.Short(decision.Architecture)}: {decision.Name ?? "a call without a name"} ({decision.Number}): ");
            text.Append(decision.Verdict is { } verdict ? $"{Verdict.Text(verdict)}, by {decision.Reason}\n" : decision.Reason + "\n");
        }
        _ = Output.Stdout(text.ToString());
        return 0;
    }

    private static int Diff(SeccompProfile before, SeccompProfile after)
    {
        var lines = Explanation.Differences(before, after);
        var text = new StringBuilder();
        foreach (string line in lines)
            text.Append(line).Append('\n');
        _ = Output.Stdout(text.ToString());
        return lines.Count == 0 ? 0 : AreDifferent;
    }

    private static ulong[] Numbers(List<string> words)
    {
        var numbers = new ulong[words.Count];
        for (int i = 0; i < numbers.Length; i++)
        {
            bool isHex = words[i].StartsWith("0x", StringComparison.OrdinalIgnoreCase);
            if (!ulong.TryParse(isHex ? words[i].AsSpan(2) : words[i], isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                throw new CsrunException(ErrorCodes.SeccompQuestion, "not a number from 0 to 2^64 - 1:", words[i]);
        }
        return numbers;
    }

    /// <summary>A config.json, or what is in one as linux.seccomp.</summary>
    private static SeccompProfile Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = Files.ReadAll(At.Cwd, path, ConfigReader.MaxBytes);
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.ConfigMissing);
        }
        if (IsBareProfile(bytes, path))
            bytes = [.. """{ "ociVersion": "1.0.0", "linux": { "seccomp": """u8, .. bytes, .. " } }"u8];
        var config = ConfigReader.Read(bytes, path);
        var errors = new List<Finding>();
        foreach (var finding in Validator.Validate(config))
        {
            if (finding.Severity == Severity.Error && finding.Path.StartsWith("linux.seccomp", StringComparison.Ordinal))
                errors.Add(finding);
        }
        if (errors.Count > 0)
            throw new ConfigException(path, errors);
        return config.Linux?.Seccomp ?? throw new CsrunException(ErrorCodes.SeccompQuestion, "there is no linux.seccomp in", path);
    }

    private static bool IsBareProfile(byte[] bytes, string path)
    {
        var reader = new Utf8JsonReader(bytes);
        bool isBare = false;
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
                    continue;
                if (reader.ValueTextEquals("archMap"u8))
                {
                    throw new CsrunException(ErrorCodes.SeccompQuestion, "this is an engine's template, whose rules depend on the container:", path,
                        hint: "take linux.seccomp of a config.json that the engine made");
                }
                isBare |= reader.ValueTextEquals("defaultAction"u8);
            }
        }
        catch (JsonException)
        {
            // The reader of configs says what is wrong, and where.
            return false;
        }
        return isBare;
    }
}
