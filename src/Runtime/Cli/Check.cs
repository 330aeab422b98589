using System;
using System.Buffers;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;
using Csrun.Linux;
using Csrun.Runtime.Containers;
using Csrun.Spec;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun check [bundle]</c>, and <c>csrun create --dry-run</c>.</summary>
internal static class CheckCommand
{
    private const int HasErrors = 1;
    private const int HasWarnings = 2;

    public static int Run(Invocation invocation)
    {
        string bundle = invocation.Argument(0) ?? invocation.Text(Options.Bundle) ?? ".";
        var request = new CreateRequest
        {
            // There is no container yet; it would be called like this if nobody says otherwise.
            Id = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(bundle))),
            Options = GlobalOptions.Of(invocation),
            Bundle = bundle,
            Config = invocation.Text(Options.Config),
            NoPivot = invocation.Flag(Options.NoPivot),
            NoNewKeyring = invocation.Flag(Options.NoNewKeyring),
            PreserveFds = invocation.Number(Options.PreserveFds),
        };
        return Print(Check.Run(request, asCreate: false), invocation.Flag(Options.Json));
    }

    /// <summary>Prints all findings; gives 0 if there are none, 1 if one is an error, 2 if all are warnings.</summary>
    public static int Print(CheckReport report, bool asJson)
    {
        int errors = report.Count(Severity.Error);
        int warnings = report.Count(Severity.Warning);
        _ = asJson ? Output.Stdout(Json(report, errors, warnings)) : Output.Stdout(Text(report, errors, warnings));
        return errors > 0 ? HasErrors : warnings > 0 ? HasWarnings : 0;
    }

    private static string Text(CheckReport report, int errors, int warnings)
    {
        var text = new StringBuilder();
        foreach (var finding in report.Findings)
        {
            int start = text.Length;
            text.Append(Word(finding.Severity)).Append(": ").Append(report.ConfigName).Append(": ").Append(finding)
                .Append(" [").Append(finding.Code.Name).Append(']');
            // What comes from a config must not pass for a line of ours.
            for (int i = start; i < text.Length; i++)
                text[i] = char.IsControl(text[i]) ? ' ' : text[i];
            text.Append('\n');
        }
        if (errors + warnings == 0)
            return "nothing was found\n";
        return text.Append(CultureInfo.InvariantCulture, $"{errors} errors, {warnings} warnings\n").ToString();
    }

    private static ReadOnlySpan<byte> Json(CheckReport report, int errors, int warnings)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = JsonText.Encoder }))
        {
            json.WriteStartObject();
            json.WriteString("bundle"u8, report.Bundle);
            json.WriteString("config"u8, report.ConfigName);
            json.WriteNumber("errors"u8, errors);
            json.WriteNumber("warnings"u8, warnings);
            json.WriteStartArray("findings"u8);
            foreach (var finding in report.Findings)
            {
                json.WriteStartObject();
                json.WriteString("severity"u8, Word(finding.Severity));
                json.WriteString("code"u8, finding.Code.Name);
                json.WriteString("path"u8, finding.Path);
                json.WriteString("message"u8, finding.Message);
                if (finding.Line != 0)
                {
                    json.WriteNumber("line"u8, finding.Line);
                    json.WriteNumber("column"u8, finding.Column);
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenSpan;
    }

    private static string Word(Severity severity) => severity == Severity.Error ? "error" : "warning";
}
