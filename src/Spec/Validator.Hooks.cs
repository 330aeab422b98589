namespace Csrun.Spec;

public static partial class Validator
{
    private static void ValidateHooks(Hooks hooks, Findings found)
    {
        ValidateHooks(hooks.Prestart, "hooks.prestart", found);
        ValidateHooks(hooks.CreateRuntime, "hooks.createRuntime", found);
        ValidateHooks(hooks.CreateContainer, "hooks.createContainer", found);
        ValidateHooks(hooks.StartContainer, "hooks.startContainer", found);
        ValidateHooks(hooks.Poststart, "hooks.poststart", found);
        ValidateHooks(hooks.Poststop, "hooks.poststop", found);
    }

    private static void ValidateHooks(Hook[]? hooks, Place list, Findings found)
    {
        for (int i = 0; i < hooks?.Length; i++)
        {
            Place at = list.At(i);
            HookPathIsAbsolute(hooks[i], at, found);
            HookTimeoutIsPositive(hooks[i], at, found);
            EnvironmentIsValid(hooks[i].Env, at, found);
        }
    }

    /// <summary>config.md#posix-platform-hooks.</summary>
    private static void HookPathIsAbsolute(Hook hook, Place at, Findings found) => MustBeAbsolute(at + "path", hook.Path, found);

    /// <summary>config.md#posix-platform-hooks.</summary>
    private static void HookTimeoutIsPositive(Hook hook, Place at, Findings found) =>
        MustBeWithin(1, int.MaxValue, at + "timeout", hook.Timeout, found);
}
