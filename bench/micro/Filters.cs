using System;
using BenchmarkDotNet.Attributes;
using Csrun.Seccomp;
using Csrun.Spec;
using Csrun.Tests.Unit.Seccomp;

namespace Csrun.Bench.Micro;

/// <summary>A profile to BPF.</summary>
public class Filters
{
    private static readonly SeccompArchitecture[] s_architectures = FilterCompiler.Architectures(Inputs.Profile, SeccompArchitecture.X8664).ToArray();

    [Benchmark]
    public ulong[] Csrun() => FilterCompiler.Compile(Inputs.Profile, FilterPart.Whole, SeccompArchitecture.X8664);

    /// <summary>As runc does it: the binary tree is for profiles with over 32 rules, which its config has (one for each name).</summary>
    [Benchmark(Baseline = true)]
    public ulong[] LibSeccomp()
    {
        var profile = Inputs.Profile;
        uint otherwise = Verdict.Of(profile.DefaultAction, profile.DefaultErrnoRet);
        using var filter = new LibSeccomp(otherwise, s_architectures, binaryTree: true);
        foreach (var rule in profile.Syscalls ?? [])
        {
            uint verdict = Verdict.Of(rule.Action, rule.ErrnoRet);
            foreach (string name in rule.Names)
            {
                if (verdict != otherwise && Tests.Unit.Seccomp.LibSeccomp.Resolve(name) is not -1 and var number)
                    filter.TryAdd(verdict, number, rule.Args ?? []);
            }
        }
        return filter.Export();
    }

    internal static string Sizes()
    {
        var filters = new Filters();
        return FormattableString.Invariant($"instructions: csrun {filters.Csrun().Length}, libseccomp {filters.LibSeccomp().Length}");
    }
}
