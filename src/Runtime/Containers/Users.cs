using System;
using System.Globalization;
using System.Text;
using Csrun.Linux;

namespace Csrun.Runtime.Containers;

/// <summary>The host's passwd(5). A static program has no name services; a user who is not in the file is a number.</summary>
internal static class Users
{
    /// <summary>The name of a user id, or the number itself.</summary>
    public static string Name(uint uid)
    {
        ReadOnlySpan<byte> passwd;
        try
        {
            passwd = Files.ReadAll(At.Cwd, "/etc/passwd", 16 << 20);
        }
        catch (LinuxException)
        {
            passwd = default;
        }
        return Find(passwd, uid) ?? uid.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The name in a passwd file's text; null if there is none.</summary>
    public static string? Find(ReadOnlySpan<byte> passwd, uint uid)
    {
        foreach (var range in passwd.Split((byte)'\n'))
        {
            // NAME:PASSWORD:UID:...
            var line = passwd[range];
            int name = line.IndexOf((byte)':');
            int password = name < 0 ? -1 : line[(name + 1)..].IndexOf((byte)':');
            if (password < 0)
                continue;
            var rest = line[(name + 1 + password + 1)..];
            int end = rest.IndexOf((byte)':');
            if (end > 0 && uint.TryParse(rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out uint found)
                && found == uid)
                return Encoding.UTF8.GetString(line[..name]);
        }
        return null;
    }
}
