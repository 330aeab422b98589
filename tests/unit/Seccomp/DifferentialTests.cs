using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Csrun.Seccomp;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit.Seccomp;

/// <summary>Our compiler against libseccomp: equal outcomes for every call, or one of the listed differences.</summary>
public sealed class DifferentialTests
{
    private static readonly SeccompArchitecture[] s_architectures = Enum.GetValues<SeccompArchitecture>();

    /// <summary>Architectures that libseccomp 2.5 knows, each as a machine's own.</summary>
    private static readonly SeccompArchitecture[] s_known =
        s_architectures.Where(static a => a is not (SeccompArchitecture.Loongarch64 or SeccompArchitecture.M68K or SeccompArchitecture.Sh or SeccompArchitecture.Sheb)).ToArray();

    [Fact]
    public void Numbers_are_those_of_libseccomp()
    {
        SkipWithoutLibrary();
        var different = new List<string>();
        foreach (var architecture in s_known)
        {
            for (int i = 0; i < SyscallTable.Count; i++)
            {
                string name = SyscallTable.NameAt(i);
                int theirs = LibSeccomp.Resolve(architecture, name), ours = SyscallTable.Number(i, architecture);
                if (theirs >= 0 && theirs != ours)
                    different.Add($"{architecture} {name}: {ours}, not {theirs}");
            }
        }
        // Newer tables of the kernel have it on 32-bit parisc alone, as libseccomp 2.6 has.
        Assert.Equal(["Parisc64 _llseek: -1, not 140"], different);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [Checklist(489, 490, 491, 492, 493, 494, 495, 496, 498, 499, 507)]
    public void Generated_profiles_decide_as_libseccomp_does(int seed)
    {
        const int count = 500;
        SkipWithoutLibrary();
        var random = new Random(seed);
        var intended = new Dictionary<string, int>();
        long calls = 0, contradictions = 0;
        for (int i = 0; i < count; i++)
        {
            var native = random.Next(4) == 0 ? s_known[random.Next(s_known.Length)] : SeccompArchitecture.X8664;
            if (native == SeccompArchitecture.X32)
                native = SeccompArchitecture.X8664;
            var profile = RandomProfile.Make(random, native);
            var comparison = new Comparison(profile, native, random.Next(2) == 0);
            comparison.Run(random, 24);
            Assert.True(comparison.Differences.Count == 0, $"profile {i}: {comparison.Differences.Count}\n" + string.Join("\n", comparison.Differences.Take(12)));
            calls += comparison.Calls;
            contradictions += comparison.Contradictions;
            foreach (var (reason, times) in comparison.Intended)
                intended[reason] = intended.GetValueOrDefault(reason) + times;
        }
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{calls} calls, {contradictions} with contradicting rules; " + string.Join("; ", intended.Select(static pair => $"{pair.Key}: {pair.Value}")));
        // They are exceptions: what is listed must not come to hide a defect of ours.
        Assert.True(intended.GetValueOrDefault(Comparison.MixedUp) < calls / 100);
        Assert.True(intended.GetValueOrDefault(Comparison.Contradiction) < contradictions / 50);
    }

    public static TheoryData<string, bool> DefaultProfiles()
    {
        var data = new TheoryData<string, bool>();
        foreach (string engine in (string[])["docker", "containerd", "crio", "podman", ContainersCommon])
        {
            data.Add(engine, true);
            data.Add(engine, false);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(DefaultProfiles))]
    public void Default_profiles_decide_as_libseccomp_does(string engine, bool binaryTree)
    {
        SkipWithoutLibrary();
        var profile = DefaultProfile.Read(engine);
        // What the older library does not know on all architectures would be an older profile's for it.
        foreach (var rule in profile.Syscalls!)
            rule.Names = rule.Names.Where(RandomProfile.IsKnownToBoth).ToArray();
        profile.Syscalls = profile.Syscalls.Where(static rule => rule.Names.Length > 0).ToArray();
        var comparison = new Comparison(profile, SeccompArchitecture.X8664, binaryTree);
        comparison.Run(new Random(1), 500);
        Assert.True(comparison.Differences.Count == 0, string.Join("\n", comparison.Differences.Take(12)));
        Assert.All(comparison.Intended.Keys, static reason => Assert.Equal(Comparison.NotANumber, reason));
        Assert.True(comparison.Ours.Length <= comparison.Theirs.Length, $"{comparison.Ours.Length} instructions, theirs {comparison.Theirs.Length}");
        var (ourSteps, ourWorst) = Steps(comparison.Ours, profile);
        var (theirSteps, theirWorst) = Steps(comparison.Theirs, profile);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"instructions {comparison.Ours.Length} / {comparison.Theirs.Length}, executed {ourSteps:f2} / {theirSteps:f2}, at most {ourWorst} / {theirWorst}");
        Assert.True(ourSteps < theirSteps && ourWorst < theirWorst, $"executed {ourSteps} at most {ourWorst}, theirs {theirSteps} at most {theirWorst}");
    }

    private const string ContainersCommon = "containers-common";

    /// <summary>Instructions executed for a call of the profile, on average and at most; with the arguments 0, 1, 2, ...</summary>
    private static (double Average, int Most) Steps(ulong[] program, SeccompProfile profile)
    {
        var facts = ArchitectureFacts.Of(SeccompArchitecture.X8664);
        var numbers = profile.Syscalls!.SelectMany(static rule => rule.Names).Distinct()
            .Select(static name => SyscallTable.Number(SyscallTable.Find(name), SeccompArchitecture.X8664)).Where(static number => number >= 0).ToArray();
        long sum = 0;
        int most = 0;
        foreach (int number in numbers)
        {
            BpfMachine.Run(program, new CallData((uint)number, facts.Audit, [0, 1, 2, 3, 4, 5]), out int steps);
            sum += steps;
            most = Math.Max(most, steps);
        }
        return ((double)sum / numbers.Length, most);
    }

    private static void SkipWithoutLibrary() => Assert.SkipUnless(LibSeccomp.IsThere, "libseccomp.so.2 is not installed");
}
