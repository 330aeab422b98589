using System;
using Csrun.Linux;

namespace Csrun.Runtime.Processes;

/// <summary>
/// Init with its plan as a file to execute: in memory, sealed, one for each launch, written from our own memory. None
/// is ever kept or shared, so that what a container might do to its pages reaches no other.
/// </summary>
internal static class InitFile
{
    public static Fd Make(ReadOnlySpan<byte> plan)
    {
        byte[] content = GC.AllocateUninitializedArray<byte>(InitImage.Length(plan.Length));
        InitImage.WriteTo(content, plan);
        return Memfd.Create("csrun:init", content, executable: true);
    }
}
