using System;

namespace Csrun.Linux;

/// <summary>A system call failed: what was to be done, on what, and why not.</summary>
/// <param name="operation">What was to be done, to follow "cannot": "open", "write to", "join".</param>
/// <param name="target">What it was to be done on: a path or the like; null if the operation says all.</param>
/// <param name="errno">The (positive) error number; 0 if a check of ours failed.</param>
/// <param name="hint">What the person can do about it, or a reason that errno cannot give; null if there is none.</param>
public sealed class LinuxException(string operation, string? target, int errno, string? hint = null)
    : Exception(Describe(operation, target, errno, hint))
{
    public string Operation { get; } = operation;

    public string? Target { get; } = target;

    public int Errno { get; } = errno;

    public string? Hint { get; } = hint;

    /// <summary>Gives the result back if it is one, or throws for a raw result that is -errno.</summary>
    public static long Check(long result, string operation, string? target) =>
        result >= 0 ? result : throw new LinuxException(operation, target, (int)-result);

    private static string Describe(string operation, string? target, int errno, string? hint)
    {
        string text = target is null ? $"cannot {operation}" : $"cannot {operation} {target}";
        if (errno != 0)
        {
            text += $": {Linux.Errno.Text(errno)} ({Linux.Errno.Name(errno)})";
        }
        return hint is null ? text : $"{text}: {hint}";
    }
}
