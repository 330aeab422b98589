using System;
using System.Text;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime;

/// <summary>
/// What went wrong, for a person: the one type that reaches <c>Main</c>. Its message is one line in a fixed order:
/// <c>where: operation object: errno text (ERRNO): hint [code]</c>.
/// </summary>
public sealed class CsrunException : Exception
{
    /// <param name="code">Its kind, for <c>csrun explain</c>.</param>
    /// <param name="operation">What could not be done, or what is wrong: "cannot bind", "container does not exist".</param>
    /// <param name="obj">What it was to be done on: a path, a name; null if the operation says all.</param>
    /// <param name="errno">The (positive) errno; 0 if no system call failed.</param>
    /// <param name="where">The part of the config or the option: <c>config.json: mounts[3].source</c>, <c>--root</c>.</param>
    /// <param name="hint">What to do about it, where that is known.</param>
    public CsrunException(
        ErrorCode code, string operation, string? obj = null, int errno = 0, string? where = null, string? hint = null)
        : base(Describe(code, operation, obj, errno, where, hint))
    {
        Code = code;
        Operation = operation;
        Object = obj;
        Errno = errno;
        Where = where;
        Hint = hint;
    }

    public ErrorCode Code { get; }

    public string Operation { get; }

    public string? Object { get; }

    public int Errno { get; }

    public string? Where { get; }

    public string? Hint { get; }

    private static string Describe(
        ErrorCode code, string operation, string? obj, int errno, string? where, string? hint)
    {
        var text = new StringBuilder();
        if (where is not null)
            text.Append(where).Append(": ");
        text.Append(operation);
        if (obj is not null)
            text.Append(' ').Append(obj);
        if (errno != 0)
            text.Append(": ").Append(Linux.Errno.Text(errno)).Append(" (").Append(Linux.Errno.Name(errno)).Append(')');
        if (!string.IsNullOrEmpty(hint))
            text.Append(": ").Append(hint);
        text.Append(" [").Append(code.Name).Append(']');
        return OneLine(text);
    }

    // Engines take a line for a message (and containerd a torn one for none): what came from a config, a hook or a
    // path must not break it.
    private static string OneLine(StringBuilder text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]))
                text[i] = ' ';
        }
        return text.ToString();
    }
}
