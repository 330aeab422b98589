using System;
using System.Collections.Generic;
using System.Globalization;
using Csrun.Linux;

namespace Csrun.Cgroups.Systemd;

/// <summary>org.freedesktop.systemd1(5): the calls that a container's unit needs, each with a deadline.</summary>
internal sealed class SystemdManager : IDisposable
{
    private const string Name = "org.freedesktop.systemd1";
    private const string ManagerType = Name + ".Manager";
    private const string Path = "/org/freedesktop/systemd1";
    private readonly BusConnection _bus;
    private int? _version;

    private SystemdManager(BusConnection bus) => _bus = bus;

    /// <param name="address">The path of the bus's socket.</param>
    /// <param name="patience">How long all that is asked of it may take.</param>
    public static SystemdManager Open(string address, TimeSpan patience) => new(BusConnection.Open(address, patience));

    /// <summary>systemd's version, asked for once: 252.</summary>
    public int Version
    {
        get
        {
            if (_version is null)
            {
                string text = Property("Version");
                int start = text.AsSpan().IndexOfAnyInRange('0', '9');
                ReadOnlySpan<char> digits = start < 0 ? "" : text.AsSpan(start);
                int end = digits.IndexOfAnyExceptInRange('0', '9');
                _version = int.TryParse(end < 0 ? digits : digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out int version) ? version : 0;
            }
            return _version.Value;
        }
    }

    /// <summary>The manager's own cgroup: what the paths of its units are below.</summary>
    public string ControlGroup() => Property("ControlGroup");

    /// <summary>Makes a unit of processes that are there already, and waits until it is.</summary>
    public void StartTransientUnit(string unit, IReadOnlyList<(string Name, BusValue Value)> properties)
    {
        MatchJobs(unit);
        for (bool again = false; ; again = true)
        {
            uint call = Call("StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "replace", Pairs(properties), System.Array.Empty<object>());
            try
            {
                AwaitJob(_bus.Answer(call, "systemd to take unit " + unit), unit, "start");
                return;
            }
            catch (BusErrorException e) when (!again && e.Name == Name + ".UnitExists")
            {
                // Left by a container that failed: it is kept until somebody has looked at it.
                _ = Call("ResetFailedUnit", "s", unit);
            }
            catch (BusErrorException e)
            {
                throw Refusal("start unit", unit, e);
            }
        }
    }

    /// <summary>Changes properties of a unit until the next boot.</summary>
    public void SetUnitProperties(string unit, IReadOnlyList<(string Name, BusValue Value)> properties)
    {
        uint call = Call("SetUnitProperties", "sba(sv)", unit, true, Pairs(properties));
        try
        {
            _ = _bus.Answer(call, "systemd to change unit " + unit);
        }
        catch (BusErrorException e)
        {
            throw Refusal("change unit", unit, e);
        }
    }

    /// <summary>Ends a unit, waits until it has ended, and has it forgotten if it failed. One that is gone is no error.</summary>
    public void StopUnit(string unit)
    {
        MatchJobs(unit);
        uint call = Call("StopUnit", "ss", unit, "replace");
        try
        {
            AwaitJob(_bus.Answer(call, "systemd to stop unit " + unit), unit, "stop");
        }
        catch (BusErrorException e) when (e.Name is Name + ".NoSuchUnit")
        {
            // It went with its last process.
        }
        catch (BusErrorException e)
        {
            throw Refusal("stop unit", unit, e);
        }
        _ = _bus.Post(Name, Path, ManagerType, "ResetFailedUnit", "s", [unit], reply: false);
        _bus.Flush();
    }

    public void Dispose() => _bus.Dispose();

    /// <summary>No other jobs: a machine may have many.</summary>
    private void MatchJobs(string unit) => _bus.Match(
        $"type='signal',sender='{Name}',path='{Path}',interface='{ManagerType}',member='JobRemoved',arg2='{unit}'");

    private void AwaitJob(object[] reply, string unit, string operation)
    {
        string job = reply is [string path, ..] ? path : "";
        // JobRemoved(u id, o job, s unit, s result)
        BusMessage removed = _bus.Signal(
            signal => signal is { Member: "JobRemoved", Body: [_, string path, _, string] } && path == job,
            $"systemd to {operation} unit {unit}");
        if (removed.Body[3] is not "done")
        {
            _ = _bus.Post(Name, Path, ManagerType, "ResetFailedUnit", "s", [unit], reply: false);
            _bus.Flush();
            throw new LinuxException(operation + " unit", unit, 0, $"systemd's job ended with \"{removed.Body[3]}\"; journalctl -u {unit} may tell more");
        }
    }

    private string Property(string name)
    {
        uint call = _bus.Post(Name, Path, "org.freedesktop.DBus.Properties", "Get", "ss", [ManagerType, name], reply: true);
        try
        {
            return _bus.Answer(call, "systemd to tell its " + name) is [BusValue { Value: string text }] ? text : "";
        }
        catch (BusErrorException e)
        {
            throw Refusal("ask systemd for", name, e);
        }
    }

    private uint Call(string member, string signature, params object[] body) =>
        _bus.Post(Name, Path, ManagerType, member, signature, body, reply: true);

    private static object[] Pairs(IReadOnlyList<(string Name, BusValue Value)> properties)
    {
        object[] pairs = new object[properties.Count];
        for (int i = 0; i < pairs.Length; i++)
        {
            pairs[i] = new object[] { properties[i].Name, properties[i].Value };
        }
        return pairs;
    }

    private static LinuxException Refusal(string operation, string unit, BusErrorException e) =>
        new(operation, unit, e.Name switch
        {
            "org.freedesktop.DBus.Error.AccessDenied" or "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired" => Errno.EACCES,
            _ => 0,
        }, $"systemd: {e.Message} ({e.Name})");
}
