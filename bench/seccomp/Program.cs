using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using Csrun.Seccomp;
using Csrun.Spec;
using Csrun.Tests.Unit.Seccomp;

// The first run of each is what a container's start costs (but for what ahead-of-time compilation saves us); the median
// of many is what the work itself costs.
const int Rounds = 2000, TheirRounds = 50;
string path = args.Length > 0 ? args[0] : throw new InvalidOperationException("a config.json is wanted");
var profile = ConfigReader.Read(File.ReadAllBytes(path), path).Linux?.Seccomp ?? throw new InvalidOperationException("it has no linux.seccomp");
var architectures = FilterCompiler.Architectures(profile, SeccompArchitecture.X8664).ToArray();
ulong[] ours = [], theirs = [];
var our = Measure(Rounds, () => ours = FilterCompiler.Compile(profile, FilterPart.Whole, SeccompArchitecture.X8664));
var their = Measure(TheirRounds, () => theirs = WithLibSeccomp(profile, architectures));
Console.WriteLine("| compiler | first, us | median, us | instructions |\n| --- | --- | --- | --- |");
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| csrun | {our.First:f0} | {our.Median:f1} | {ours.Length} |"));
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| libseccomp | {their.First:f0} | {their.Median:f1} | {theirs.Length} |"));
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio of the medians: {our.Median / their.Median:f4}"));

static (double First, double Median) Measure(int rounds, Action run)
{
    var times = new double[rounds];
    for (int i = 0; i < rounds; i++)
    {
        long start = Stopwatch.GetTimestamp();
        run();
        times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
    }
    double first = times[0];
    Array.Sort(times);
    return (first, times[rounds / 2]);
}

// As runc does it: the binary tree is for profiles with over 32 rules, which its config has (one for each name).
static ulong[] WithLibSeccomp(SeccompProfile profile, SeccompArchitecture[] architectures)
{
    uint otherwise = Verdict.Of(profile.DefaultAction, profile.DefaultErrnoRet);
    using var filter = new LibSeccomp(otherwise, architectures, binaryTree: true);
    foreach (var rule in profile.Syscalls ?? [])
    {
        uint verdict = Verdict.Of(rule.Action, rule.ErrnoRet);
        foreach (string name in rule.Names)
        {
            if (verdict != otherwise && LibSeccomp.Resolve(name) is not -1 and var number)
                filter.TryAdd(verdict, number, rule.Args ?? []);
        }
    }
    return filter.Export();
}
