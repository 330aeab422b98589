using System;
using System.Collections.Generic;
using System.Text.Json;
using Csrun.Cgroups;
using Csrun.Plan;
using Csrun.Spec;

namespace Csrun.Runtime.Containers;

/// <summary>
/// Reads what <see cref="StateWriter"/> wrote. Members that it does not know are skipped: a newer csrun may have
/// written them, and as long as the version is the same they do not matter.
/// </summary>
public ref struct StateReader
{
    private Utf8JsonReader _json;

    private StateReader(ReadOnlySpan<byte> utf8) => _json = new Utf8JsonReader(utf8);

    /// <summary>The state, or null if the bytes are none.</summary>
    public static State? Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return new StateReader(utf8).ReadState();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            return null;
        }
    }

    private State? ReadState()
    {
        int version = 0;
        string? id = null, bundle = null, rootfs = null, bootId = null;
        DateTimeOffset created = default;
        uint owner = 0;
        ProcessIdentity creator = default, process = default;
        bool privatePids = false, hasProcess = false, notify = false, hooksReached = false, noNewKeyring = false;
        var cgroup = CgroupRecord.Disabled;
        ResctrlRecord? resctrl = null;
        Dictionary<string, string>? annotations = null;
        List<Hook> poststart = [], poststop = [];
        List<StartStep> steps = [];
        _json.Read();
        Expect(JsonTokenType.StartObject);
        while (NextMember() is string member)
        {
            switch (member)
            {
                case "version": version = _json.GetInt32(); break;
                case "id": id = Text(); break;
                case "bundle": bundle = Text(); break;
                case "rootfs": rootfs = Text(); break;
                case "created": created = _json.GetDateTimeOffset(); break;
                case "owner": owner = _json.GetUInt32(); break;
                case "bootId": bootId = Text(); break;
                case "creator": creator = ReadProcess(); break;
                case "process": process = ReadProcess(); break;
                case "privatePids": privatePids = _json.GetBoolean(); break;
                case "hasProcess": hasProcess = _json.GetBoolean(); break;
                case "notify": notify = _json.GetBoolean(); break;
                case "noNewKeyring": noNewKeyring = _json.GetBoolean(); break;
                case "hooksReached": hooksReached = _json.GetBoolean(); break;
                case "cgroup": cgroup = ReadCgroup(); break;
                case "resctrl": resctrl = ReadResctrl(); break;
                case "annotations": annotations = ReadAnnotations(); break;
                case "poststart": poststart = ReadHooks(); break;
                case "poststop": poststop = ReadHooks(); break;
                case "startSteps": steps = ReadSteps(); break;
                default: _json.Skip(); break;
            }
        }
        if (version != State.CurrentVersion || id is null || bundle is null || rootfs is null || bootId is null)
            return null;
        return new State
        {
            Id = id,
            Bundle = bundle,
            Rootfs = rootfs,
            Created = created,
            Owner = owner,
            BootId = bootId,
            Creator = creator,
            Process = process,
            PrivatePids = privatePids,
            HasProcess = hasProcess,
            Notify = notify,
            NoNewKeyring = noNewKeyring,
            HooksReached = hooksReached,
            Cgroup = cgroup,
            Resctrl = resctrl,
            Annotations = annotations,
            Poststart = poststart,
            Poststop = poststop,
            StartSteps = steps,
        };
    }

    private ProcessIdentity ReadProcess()
    {
        int pid = 0;
        ulong startTime = 0;
        Expect(JsonTokenType.StartObject);
        while (NextMember() is string member)
        {
            switch (member)
            {
                case "pid": pid = _json.GetInt32(); break;
                case "startTime": startTime = _json.GetUInt64(); break;
                default: _json.Skip(); break;
            }
        }
        return new ProcessIdentity(pid, startTime);
    }

    private ResctrlRecord ReadResctrl()
    {
        string group = "";
        bool made = false;
        string? monitoring = null;
        Expect(JsonTokenType.StartObject);
        while (NextMember() is string member)
        {
            switch (member)
            {
                case "group": group = Text(); break;
                case "made": made = _json.GetBoolean(); break;
                case "monitoring": monitoring = Text(); break;
                default: _json.Skip(); break;
            }
        }
        return new ResctrlRecord(group, made, monitoring);
    }

    private CgroupRecord ReadCgroup()
    {
        var mode = CgroupMode.None;
        bool lenient = false;
        SystemdUnit? unit = null;
        List<CgroupPlace> places = [];
        Expect(JsonTokenType.StartObject);
        while (NextMember() is string member)
        {
            switch (member)
            {
                case "mode":
                    mode = ModeOf(Text());
                    break;
                case "lenient":
                    lenient = _json.GetBoolean();
                    break;
                case "unit":
                    unit = ReadUnit();
                    break;
                case "places":
                    Expect(JsonTokenType.StartArray);
                    while (NextItem())
                        places.Add(ReadPlace());
                    break;
                default:
                    _json.Skip();
                    break;
            }
        }
        return new CgroupRecord(mode, places, lenient) { Unit = unit };
    }

    private SystemdUnit ReadUnit()
    {
        string name = "", bus = "", below = "";
        Expect(JsonTokenType.StartObject);
        while (NextMember() is string member)
        {
            switch (member)
            {
                case "name": name = Text(); break;
                case "bus": bus = Text(); break;
                case "below": below = Text(); break;
                default: _json.Skip(); break;
            }
        }
        return new SystemdUnit(name, bus, below);
    }

    private static CgroupMode ModeOf(string name)
    {
        for (var mode = CgroupMode.None; mode <= CgroupMode.V2; mode++)
        {
            if (StateWriter.ModeName(mode) == name)
                return mode;
        }
        throw new FormatException();
    }

    private CgroupPlace ReadPlace()
    {
        string hierarchy = "", mountPoint = "", path = "", existing = "";
        Expect(JsonTokenType.StartObject);
        while (NextMember() is string member)
        {
            switch (member)
            {
                case "hierarchy": hierarchy = Text(); break;
                case "mountPoint": mountPoint = Text(); break;
                case "path": path = Text(); break;
                case "existing": existing = Text(); break;
                default: _json.Skip(); break;
            }
        }
        return new CgroupPlace(hierarchy, mountPoint, path, existing);
    }

    private Dictionary<string, string> ReadAnnotations()
    {
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal);
        Expect(JsonTokenType.StartObject);
        while (NextMember() is string name)
            annotations[name] = Text();
        return annotations;
    }

    private List<Hook> ReadHooks()
    {
        List<Hook> hooks = [];
        Expect(JsonTokenType.StartArray);
        while (NextItem())
        {
            var hook = new Hook();
            Expect(JsonTokenType.StartObject);
            while (NextMember() is string member)
            {
                switch (member)
                {
                    case "path": hook.Path = Text(); break;
                    case "args": hook.Args = ReadTexts(); break;
                    case "env": hook.Env = [.. ReadTexts()]; break;
                    case "timeout": hook.Timeout = _json.GetInt32(); break;
                    default: _json.Skip(); break;
                }
            }
            hooks.Add(hook);
        }
        return hooks;
    }

    private List<StartStep> ReadSteps()
    {
        List<StartStep> steps = [];
        Expect(JsonTokenType.StartArray);
        while (NextItem())
        {
            uint instruction = 0;
            var opcode = Opcode.Invalid;
            string path = "", operation = "";
            string? target = null;
            Expect(JsonTokenType.StartObject);
            while (NextMember() is string member)
            {
                switch (member)
                {
                    case "instruction": instruction = _json.GetUInt32(); break;
                    case "opcode": opcode = (Opcode)_json.GetUInt16(); break;
                    case "path": path = Text(); break;
                    case "operation": operation = Text(); break;
                    case "object": target = Text(); break;
                    default: _json.Skip(); break;
                }
            }
            steps.Add(new StartStep(instruction, opcode, path, operation, target));
        }
        return steps;
    }

    private string[] ReadTexts()
    {
        List<string> texts = [];
        Expect(JsonTokenType.StartArray);
        while (NextItem())
            texts.Add(Text());
        return [.. texts];
    }

    /// <summary>The next member's name, with the reader on its value; null at the object's end.</summary>
    private string? NextMember()
    {
        _json.Read();
        if (_json.TokenType == JsonTokenType.EndObject)
            return null;
        string name = _json.GetString()!;
        _json.Read();
        return name;
    }

    /// <summary>Whether there is one more item in the array; the reader is on it then.</summary>
    private bool NextItem()
    {
        _json.Read();
        return _json.TokenType != JsonTokenType.EndArray;
    }

    private readonly string Text()
    {
        Expect(JsonTokenType.String);
        return _json.GetString()!;
    }

    private readonly void Expect(JsonTokenType type)
    {
        if (_json.TokenType != type)
            throw new FormatException();
    }
}
