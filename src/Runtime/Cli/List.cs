using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Csrun.Linux;
using Csrun.Runtime.Containers;

namespace Csrun.Runtime.Cli;

/// <summary><c>csrun list</c>.</summary>
internal static class ListCommand
{
    // runc's tabwriter: columns of at least 12 characters, 3 between them.
    private const int MinWidth = 12;
    private const int Gap = 3;

    public static int Run(Invocation invocation)
    {
        var containers = Lifecycle.List(GlobalOptions.Of(invocation));
        if (invocation.Flag(Options.Quiet))
            _ = Output.Stdout(Ids(containers));
        else if (invocation.Text(Options.ListFormat) == "json")
            _ = Output.Stdout([.. ContainerView.ListToJson(containers), (byte)'\n']);
        else
            _ = Output.Stdout(Table(containers));
        return 0;
    }

    /// <summary>One id a line.</summary>
    public static string Ids(IReadOnlyList<ContainerView> containers)
    {
        var text = new StringBuilder();
        foreach (var container in containers)
            text.Append(container.Id).Append('\n');
        return text.ToString();
    }

    /// <summary>One container a line, below a line of headings.</summary>
    public static string Table(IReadOnlyList<ContainerView> containers)
    {
        var rows = new List<string[]>(containers.Count + 1) { new[] { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" } };
        foreach (var container in containers)
        {
            rows.Add([container.Id, container.Pid.ToString(CultureInfo.InvariantCulture), ContainerView.Word(container.Status),
                container.Bundle, container.CreatedText, container.Owner]);
        }

        Span<int> widths = [MinWidth, MinWidth, MinWidth, MinWidth, MinWidth, 0];
        foreach (string[] row in rows)
        {
            for (int column = 0; column < row.Length - 1; column++)
                widths[column] = Math.Max(widths[column], row[column].Length + Gap);
        }

        var text = new StringBuilder();
        foreach (string[] row in rows)
        {
            for (int column = 0; column < row.Length; column++)
                text.Append(row[column].PadRight(widths[column]));
            text.Append('\n');
        }
        return text.ToString();
    }
}
