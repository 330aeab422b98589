using System;
using System.Collections.Generic;
using Csrun.Linux;

namespace Csrun.Cgroups.Systemd;

/// <summary>
/// Annotations "org.systemd.property.NAME" with a value in GVariant's text format: properties of the unit, as runc and
/// crun take them. One that ends in Sec is given in seconds and becomes systemd's in microseconds.
/// </summary>
internal static class AnnotatedProperties
{
    public const string Prefix = "org.systemd.property.";
    private const double MicrosecondsPerSecond = 1_000_000;
    private const int LeastCharacters = 3;

    public static List<(string Name, BusValue Value)> From(IReadOnlyDictionary<string, string>? annotations)
    {
        List<(string Name, BusValue Value)> properties = [];
        foreach ((string key, string text) in annotations ?? (IEnumerable<KeyValuePair<string, string>>)[])
        {
            if (key.StartsWith(Prefix, StringComparison.Ordinal))
            {
                properties.Add(Property(key, key[Prefix.Length..], text));
            }
        }
        return properties;
    }

    private static (string Name, BusValue Value) Property(string key, string name, string text)
    {
        if (name.Length < LeastCharacters || name.AsSpan().ContainsAnyExcept("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        {
            throw new LinuxException("use annotation", key, 0, "that is no name of a systemd property");
        }
        BusValue value;
        try
        {
            value = GVariantText.Parse(text);
        }
        catch (FormatException e)
        {
            throw new LinuxException("use annotation", key, 0, e.Message);
        }
        if (!name.EndsWith("Sec", StringComparison.Ordinal) || name.EndsWith("USec", StringComparison.Ordinal))
        {
            return (name, value);
        }
        double seconds = value.Value switch
        {
            int i => i,
            uint u => u,
            long x => x,
            ulong t => t,
            double d => d,
            _ => -1,
        };
        return seconds >= 0
            ? (name[..^"Sec".Length] + "USec", new("t", (ulong)(seconds * MicrosecondsPerSecond)))
            : throw new LinuxException("use annotation", key, 0, "a number of seconds is expected");
    }
}
