using System;
using System.Collections.Generic;
using System.Text;
using Csrun.Linux;
using Csrun.Plan;

namespace Csrun.Runtime.Compiler;

/// <summary>
/// The parameters of a new file system in the form that the kernel takes them in. fsconfig(2) takes one after the other,
/// of at most 255 bytes each; what has a longer one (a <c>lowerdir</c> of overlay's) goes to mount(2), as one string of
/// at most a page.
/// </summary>
internal readonly struct MountData
{
    private const int MostOfString = 255;
    private const int MostOfData = 4095;

    /// <param name="writer">The plan.</param>
    /// <param name="type">The file system.</param>
    /// <param name="source">What is mounted.</param>
    /// <param name="parameters">What the options say; null for nothing.</param>
    /// <param name="readOnly">The mount is read-only.</param>
    public MountData(PlanWriter writer, string type, string? source, List<MountParameter>? parameters, bool readOnly)
    {
        // A device may be one that cannot be written to, so the file system must not try. Where there is none, the
        // instance may be one that others use too, and the mount alone is read-only.
        if (readOnly && source is ['/', ..])
            (parameters ??= []).Add(new MountParameter("ro", null, Ms.ReadOnly));
        bool isLong = IsLong(source);
        foreach (var parameter in parameters ?? [])
            isLong |= IsLong(parameter.Value);
        if (isLong)
        {
            string data = Join(parameters ?? [], out ulong flags);
            if (Encoding.UTF8.GetByteCount(data) <= MostOfData)
            {
                Data = writer.String(data);
                Flags = flags;
                return;
            }
            if (type is "overlay")
                parameters = SplitLayers(parameters!);
        }
        Options = MountOptions.Write(writer, parameters);
    }

    /// <summary>Array of <see cref="PlanPair"/>; absent if <see cref="Data"/> is there.</summary>
    public PlanRef Options { get; }

    /// <summary>What mount(2) takes; absent if fsconfig(2) can do it.</summary>
    public PlanRef Data { get; }

    /// <summary>MS_* that go with <see cref="Data"/>.</summary>
    public ulong Flags { get; }

    private static bool IsLong(string? text) => text is not null && Encoding.UTF8.GetByteCount(text) > MostOfString;

    private static string Join(List<MountParameter> parameters, out ulong flags)
    {
        flags = 0;
        var text = new StringBuilder();
        foreach (var (key, value, set, clear) in parameters)
        {
            if ((set | clear) != 0)
            {
                flags = (flags & ~clear) | set;
                continue;
            }
            if (text.Length > 0)
                text.Append(',');
            text.Append(key);
            if (value is null)
                continue;
            // SELinux contexts have commas, and quotes around them.
            bool quote = key.EndsWith("context", StringComparison.Ordinal) && value.Contains(',', StringComparison.Ordinal);
            text.Append('=').Append(quote ? "\"" : "").Append(value).Append(quote ? "\"" : "");
        }
        return text.ToString();
    }

    /// <summary>
    /// overlayfs.rst: since Linux 6.7 each layer can be a parameter of its own, "lowerdir+"; what comes after "::" has
    /// data only, "datadir+". In the list, a backslash stands before a colon that is part of a name.
    /// </summary>
    private static List<MountParameter> SplitLayers(List<MountParameter> parameters)
    {
        var split = new List<MountParameter>(parameters.Count + 64);
        foreach (var parameter in parameters)
        {
            if (parameter is not { Key: "lowerdir", Value: { } list })
            {
                split.Add(parameter);
                continue;
            }
            string key = "lowerdir+";
            var layer = new StringBuilder();
            for (int i = 0; i <= list.Length; i++)
            {
                if (i < list.Length && list[i] == '\\' && i + 1 < list.Length)
                {
                    layer.Append(list[++i]);
                }
                else if (i < list.Length && list[i] != ':')
                {
                    layer.Append(list[i]);
                }
                else if (layer.Length == 0)
                {
                    key = "datadir+";
                }
                else
                {
                    split.Add(new MountParameter(key, layer.ToString()));
                    layer.Clear();
                }
            }
        }
        return split;
    }
}
