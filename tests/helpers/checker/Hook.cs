using System;
using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Threading;

namespace Csrun.Tests.Checker;

/// <summary>
/// <c>checker hook FILE [--name N] [--sleep MS] [--exit N] [--die N] [--print TEXT] [--exists PATH]... [--read PATH]...</c>:
/// what a hook is given and where it runs, as one line of JSON at the end of FILE.
/// </summary>
internal static unsafe class Hook
{
    internal static int Run(ReadOnlySpan<string> arguments)
    {
        var status = 0;
        var signal = 0;
        var pause = 0;
        string? print = null;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            for (var i = 1; i < arguments.Length; i += 2)
            {
                var value = arguments[i + 1];
                switch (arguments[i])
                {
                    case "--name": json.WriteString("name", value); break;
                    case "--exit": status = Actions.Number(value); break;
                    case "--die": signal = Actions.Number(value); break;
                    case "--sleep": pause = Actions.Number(value); break;
                    case "--print": print = value; break;
                    case "--exists": json.WriteBoolean("exists:" + value, Native.access(value, 0) == 0); break;
                    case "--read": json.WriteString("read:" + value, Native.ReadText(value)); break;
                }
            }

            var stdin = Native.ReadAll(0);
            json.WriteString("stdin", stdin == null ? null : Encoding.UTF8.GetString(stdin));
            Report.WriteStart(json);
            Report.WriteNamespaces(json);
            Report.WriteDescriptors(json);
            json.WriteNumber("pid", Native.getpid());
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        if (arguments[0] is not "-" && !Native.AppendFile(arguments[0], buffer.WrittenSpan))
        {
            Native.WriteAll(2, Encoding.UTF8.GetBytes($"checker: {arguments[0]}: {Native.Error}\n"));
            return 98;
        }

        if (print != null)
        {
            Native.WriteAll(1, Encoding.UTF8.GetBytes(print + "\n"));
            Native.WriteAll(2, Encoding.UTF8.GetBytes(print + "\n"));
        }

        if (pause != 0)
        {
            Thread.Sleep(pause);
        }

        if (signal != 0)
        {
            Native.kill(Native.getpid(), signal);
            Thread.Sleep(1000);
        }

        return status;
    }
}
