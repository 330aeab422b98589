using System;
using System.Globalization;
using System.Text;

namespace Csrun.Seccomp;

/// <summary>A program as text, in the words of the kernel's bpf_asm (Documentation/networking/filter.rst), a line an instruction.</summary>
public static class Listing
{
    public static string Of(ReadOnlySpan<ulong> program)
    {
        var text = new StringBuilder(program.Length * 32);
        int width = (program.Length - 1).ToString(CultureInfo.InvariantCulture).Length;
        for (int i = 0; i < program.Length; i++)
        {
            text.Append(i.ToString(CultureInfo.InvariantCulture).PadLeft(width)).Append(": ");
            Append(text, program[i], i + 1);
            text.Append('\n');
        }
        return text.ToString();
    }

    private static void Append(StringBuilder text, ulong instruction, int next)
    {
        uint k = Bpf.K(instruction);
        switch (Bpf.Code(instruction))
        {
            case Bpf.Load:
                text.Append("ld [").Append(k.ToString(CultureInfo.InvariantCulture)).Append("]  ; ").Append(Word(k));
                break;
            case Bpf.And:
                text.Append(CultureInfo.InvariantCulture, $"and #0x{k:x}");
                break;
            case Bpf.Jump:
                text.Append(CultureInfo.InvariantCulture, $"jmp {next + k}");
                break;
            case Bpf.Return:
                text.Append(CultureInfo.InvariantCulture, $"ret #0x{k:x}  ; {Verdict.Text(k)}");
                break;
            default:
                string name = Bpf.Code(instruction) switch
                {
                    Bpf.IfEqual => "jeq",
                    Bpf.IfGreater => "jgt",
                    Bpf.IfGreaterOrEqual => "jge",
                    _ => "jset",
                };
                text.Append(CultureInfo.InvariantCulture, $"{name} #0x{k:x}, {next + Bpf.Yes(instruction)}, {next + Bpf.No(instruction)}");
                break;
        }
    }

    private static string Word(uint offset) => offset switch
    {
        Bpf.NumberOffset => "number",
        Bpf.ArchOffset => "architecture",
        _ => FormattableString.Invariant($"arg{(offset - Bpf.ArgsOffset) / 8}{(offset % 8 == 0 ? "" : ", upper half")}"),
    };
}
