using System;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace Csrun.Tests.Checker;

/// <summary>
/// <c>checker watch FILE STOP</c>: a hostile process. Until the file STOP is there it looks at all others that it can see,
/// and appends to FILE what it gets hold of: directories of the host's that are not procfs, programs that are not the container's, and
/// whether it could write to those.
/// </summary>
internal static unsafe class Watch
{
    private const int Descriptors = 16;
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    internal static int Run(string file, string stop)
    {
        Native.AppendFile(file, "begin\n"u8);
        var self = Native.getpid();
        while (Native.access(stop, 0) != 0)
        {
            foreach (var path in Directory.EnumerateDirectories("/proc"))
            {
                if (int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var pid) && pid != self)
                {
                    Look(file, path);
                }
            }
        }

        return 0;
    }

    private static void Look(string file, string process)
    {
        var program = Native.open(process + "/exe", Native.Open | Native.CloseOnExec, 0);
        if (program >= 0)
        {
            var target = Native.ReadLink($"/proc/self/fd/{program}") ?? "";
            if (target != "/checker")
            {
                Note(file, "opened " + target);
                Overwrite(file, program, target);
            }

            Native.close(program);
        }

        var status = stackalloc long[16];
        for (var i = 0; i < Descriptors; i++)
        {
            var directory = Native.open($"{process}/fd/{i}/.", Native.Path | Native.CloseOnExec, 0);
            if (directory < 0)
            {
                continue;
            }

            Native.syscall(Arm ? 44 : 138, directory, (long)status, 0, 0, 0);
            if (status[0] != 0x9fa0 && !IsInside(directory))
            {
                Note(file, $"directory {i}: {Native.ReadLink($"/proc/self/fd/{directory}")}");
            }

            Native.close(directory);
        }
    }

    /// <summary>Whether its name leads to it from our root, too: then it is the container's own.</summary>
    private static bool IsInside(int directory)
    {
        var here = Native.open(Native.ReadLink($"/proc/self/fd/{directory}") ?? "", Native.Path | Native.CloseOnExec, 0);
        if (here < 0)
        {
            return false;
        }

        // Device and inode come first in struct stat.
        var found = stackalloc long[32];
        var ours = stackalloc long[32];
        Native.syscall(Arm ? 80 : 5, directory, (long)found, 0, 0, 0);
        Native.syscall(Arm ? 80 : 5, here, (long)ours, 0, 0, 0);
        Native.close(here);
        return found[0] == ours[0] && found[1] == ours[1];
    }

    /// <summary>As long as it runs it cannot be opened for writing; afterwards perhaps.</summary>
    private static void Overwrite(string file, int program, string target)
    {
        for (var tries = 0; tries < 2000; tries++)
        {
            var writable = Native.open($"/proc/self/fd/{program}", Native.WriteOnly | Native.CloseOnExec, 0);
            if (writable < 0)
            {
                continue;
            }

            if (Native.WriteAll(writable, "X"u8))
            {
                Note(file, "written " + target);
            }

            Native.close(writable);
            return;
        }
    }

    private static void Note(string file, string text) => Native.AppendFile(file, Encoding.UTF8.GetBytes(text + "\n"));
}
