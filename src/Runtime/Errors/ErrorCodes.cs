using System.Collections.Generic;
using Csrun.Spec;

namespace Csrun.Runtime;

/// <summary>
/// The kinds of error that the runtime itself knows; those of a config that cannot be read are in
/// <c>Csrun.Spec.ConfigCodes</c>. One file an area; a new code must be put in its area's list.
/// </summary>
public static partial class ErrorCodes
{
    public static readonly ErrorCode SystemCallFailed = new(
        "system-call-failed",
        "The kernel refused a system call, for the reason at the end of the line.",
        "Missing rights, a resource limit, or a kernel without the feature.",
        "Look at the operation, its object and the errno name; `--debug` shows what came before.");

    public static readonly ErrorCode OutOfMemory = new(
        "out-of-memory",
        "csrun could not get memory for itself.",
        "A config of extraordinary size, or a cgroup limit on the process that calls csrun.",
        "Raise the caller's memory limit, or make the config smaller.");

    public static readonly ErrorCode Internal = new(
        "internal",
        "Something happened that csrun does not foresee: a defect of csrun, not of the config.",
        "A combination that has no test yet.",
        "Report it with the config and the output of the same command with `--debug`.");

    public static readonly ErrorCode NotSupported = new(
        "not-supported",
        "The config asks for something that this version of csrun does not do yet.",
        "A part of the runtime-spec that is read and checked, but not carried out; it is never ignored in silence.",
        "Take it out of the config, or use a newer csrun; `csrun features` lists what there is.");

    private static readonly ErrorCode[] s_general = [SystemCallFailed, OutOfMemory, Internal, NotSupported];

    /// <summary>All of them, by area.</summary>
    public static IEnumerable<ErrorCode> All
    {
        get
        {
            foreach (var area in (ErrorCode[][])[s_general, s_usage, s_lifecycle, s_creation, s_rootfs, s_process, s_check])
            {
                foreach (var code in area)
                    yield return code;
            }
        }
    }
}
