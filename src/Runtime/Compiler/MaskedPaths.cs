using System;
using System.Collections.Generic;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Compiler;

/// <summary><c>linux.maskedPaths</c> and <c>linux.readonlyPaths</c>: each path once.</summary>
internal sealed class MaskedPaths(Compilation to)
{
    private readonly string[] _masked = to.Config.Linux?.MaskedPaths ?? [];
    private readonly string[] _readonly = to.Config.Linux?.ReadonlyPaths ?? [];
    private uint _nullSlot;

    /// <summary>Opens the host's null device, which files are hidden under.</summary>
    public void CompileSource()
    {
        if (_masked.Length == 0)
            return;
        _nullSlot = to.NewSlot();
        to.Add(Opcode.OpenNullDevice, new OpenNullDevice { Slot = _nullSlot }, "linux.maskedPaths", "open", "/dev/null");
    }

    public void Compile()
    {
        for (int i = 0; i < _masked.Length; i++)
        {
            if (!IsFirst(_masked, i, out string path))
                continue;
            to.Add(Opcode.MaskPath, new MaskPath { Path = to.Writer.String(path), NullSlot = _nullSlot },
                Compilation.Path("linux.maskedPaths", i), "hide", path);
        }
        for (int i = 0; i < _readonly.Length; i++)
        {
            if (!IsFirst(_readonly, i, out string path))
                continue;
            to.Add(Opcode.ReadonlyPath, new ReadonlyPath { Path = to.Writer.String(path) },
                Compilation.Path("linux.readonlyPaths", i), "make read-only", path);
        }
    }

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    private bool IsFirst(string[] paths, int index, out string path)
    {
        if (index == 0)
            _seen.Clear();
        path = ContainerPath.Clean(paths[index]);
        return _seen.Add(path);
    }
}
