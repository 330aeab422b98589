using System;
using System.Collections.Generic;
using System.Text;
using Csrun.Spec;

namespace Csrun.Seccomp;

/// <summary>
/// Names and numbers of system calls, of every architecture. The data come from syscalls.tsv and lie in the executable
/// as they are used: nothing is made of them when the program starts.
/// </summary>
public static partial class SyscallTable
{
    /// <summary>The kernel whose calls are all known.</summary>
    public const string KernelVersion = "7.1";

    private const int PrivateMark = 0x4000;
    private const int FirstPrivate = 0xF0000;

    /// <summary>The index of a call's name, or -1: no architecture has it.</summary>
    public static int Find(ReadOnlySpan<char> name)
    {
        uint hash = 0;
        foreach (char c in name)
            hash = (hash * 31) + c;
        for (int slot = (int)(hash % SlotCount); Slots[slot] != 0; slot = (slot + 1) % SlotCount)
        {
            int index = Slots[slot] - 1;
            if (Ascii.Equals(NameBytesOf(index), name))
                return index;
        }
        return -1;
    }

    /// <summary>Those of some names that no architecture has: a profile's rules for them have no effect.</summary>
    public static List<string> UnknownNames(ReadOnlySpan<string> names)
    {
        List<string> unknown = [];
        foreach (string name in names)
        {
            if (Find(name) < 0)
                unknown.Add(name);
        }
        return unknown;
    }

    /// <summary>The name at an index, below <see cref="Count"/>.</summary>
    public static string NameAt(int index) => Encoding.ASCII.GetString(NameBytesOf(index));

    /// <summary>The call's number as a filter sees it, or -1: this architecture has no such call.</summary>
    public static int Number(int index, SeccompArchitecture architecture)
    {
        var facts = ArchitectureFacts.Of(architecture);
        return Number(index, in facts);
    }

    /// <summary>The name of a number, or null.</summary>
    public static string? NameOf(uint number, SeccompArchitecture architecture)
    {
        var facts = ArchitectureFacts.Of(architecture);
        for (int i = 0; i < Count; i++)
        {
            if (Number(i, in facts) is >= 0 and var known && (uint)known == number)
                return NameAt(i);
        }
        return null;
    }

    internal static int Number(int index, in ArchitectureFacts facts)
    {
        int number = Numbers[(facts.Column * Count) + index];
        return number < 0 ? -1 : number >= PrivateMark ? number - PrivateMark + FirstPrivate : number + (int)facts.FirstNumber;
    }

    /// <summary>Which call of socketcall(2) it is, or with 128 added of ipc(2); 0 for neither.</summary>
    internal static byte MultiplexedCall(int index) => Calls[index];

    private static ReadOnlySpan<byte> NameBytesOf(int index) => NameBytes[NameStarts[index]..NameStarts[index + 1]];
}
