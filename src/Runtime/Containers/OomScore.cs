using System.Globalization;
using System.Text;
using Csrun.Linux;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary><c>process.oomScoreAdj</c>.</summary>
internal static class OomScore
{
    /// <summary>Sets it for a process that has not executed its program; nothing is done where the config has none.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="config">Its config.</param>
    /// <param name="configName">The config's name, for errors.</param>
    /// <param name="unprivileged">We lack the rights of the host's root: then it is left as it is where it may not be set.</param>
    public static void Set(int pid, Process? config, string configName, bool unprivileged)
    {
        if (config?.OomScoreAdj is not int score)
            return;
        string text = score.ToString(CultureInfo.InvariantCulture);
        using var proc = ProcFs.OpenRoot();
        int result = ProcFs.Write(proc.Number, pid, "oom_score_adj", Encoding.ASCII.GetBytes(text));
        if (result is -Errno.EACCES or -Errno.EPERM && unprivileged)
        {
            // Podman's rootless containers carry their user's value, which may be lower than what a user may set.
            Log.Warning(configName + ": process.oomScoreAdj: not set, for want of rights");
            return;
        }
        if (result < 0)
            throw new CsrunException(ErrorCodes.OomScore, "cannot set the oom score to", text, -result, configName + ": process.oomScoreAdj");
    }
}
