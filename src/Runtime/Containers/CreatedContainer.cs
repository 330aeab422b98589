using System;
using Csrun.Linux;
using Csrun.Runtime.Processes;

namespace Csrun.Runtime.Containers;

/// <summary>A container that was just made, with what <c>run</c> goes on with; its lock is held until it is disposed of.</summary>
/// <param name="Root">The root that it is in.</param>
/// <param name="Directory">Its state directory, locked.</param>
/// <param name="State">Its state, as written.</param>
/// <param name="Process">Its first process, a child of ours.</param>
/// <param name="Terminal">The terminal's master side, if it was not given away at a console socket.</param>
/// <param name="Session">
/// The conversation with Init, which executes the program when it is told to commit; null if it waits for start instead.
/// </param>
internal sealed record CreatedContainer(
    StateRoot Root, StateDirectory Directory, State State, SpawnedProcess Process, Fd? Terminal, InitSession? Session) : IDisposable
{
    public void Dispose()
    {
        Session?.Dispose();
        Terminal?.Dispose();
        Process.Dispose();
        Directory.Dispose();
        Root.Dispose();
    }
}
