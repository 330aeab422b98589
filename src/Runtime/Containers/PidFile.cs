using System.Globalization;
using System.Text;
using Csrun.Linux;

namespace Csrun.Runtime.Containers;

/// <summary><c>--pid-file</c>.</summary>
internal static class PidFile
{
    /// <summary>Absolute, before anything changes the working directory; null if none is wanted.</summary>
    public static string? PathOf(string? given) => given is null ? null : System.IO.Path.GetFullPath(given);

    /// <summary>
    /// Writes it as a whole. No newline: containerd and conmon-rs take the bytes as they are for a number.
    /// </summary>
    public static void Write(string path, int pid)
    {
        const uint mode = 0x1A4; // 0644
        try
        {
            byte[] text = Encoding.ASCII.GetBytes(pid.ToString(CultureInfo.InvariantCulture));
            // The directory is not ours: what was left in it by one that is killed would stay for ever.
            if (Files.TryWriteNew(At.Cwd, path, text, mode))
                return;
            // No file is better than another container's number, too.
            _ = Syscalls.UnlinkAt(At.Cwd, path);
            if (!Files.TryWriteNew(At.Cwd, path, text, mode))
                Files.WriteAtomically(At.Cwd, path, text, mode);
        }
        catch (LinuxException e)
        {
            throw ErrorText.FromLinux(e, ErrorCodes.PidFile, "--pid-file");
        }
    }
}
