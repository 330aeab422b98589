using System;
using System.Text.Unicode;

namespace Csrun.Spec;

/// <summary>
/// Reads the spec's objects from JSON, strictly: see <see cref="ConfigCodes"/> for what it refuses. It checks form only;
/// what the values mean is <c>Validator</c>'s.
/// </summary>
/// <remarks>
/// A function an object. In each, the required members are asked for first, in the order in which <c>Require</c> names
/// them at the end (<see cref="JsonCursor.Members"/> counts the questions).
/// </remarks>
public static partial class ConfigReader
{
    /// <summary>Largest file that is read: 16 MiB, a thousand times what engines write.</summary>
    public const int MaxBytes = 16 << 20;

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <param name="utf8">The file's content.</param>
    /// <param name="fileName">Its name, for the exception.</param>
    /// <exception cref="ConfigException">It is not a config: all that is wrong with its form.</exception>
    public static Config Read(ReadOnlyMemory<byte> utf8, string fileName) => Read(utf8, fileName, Config);

    /// <summary>Reads a process alone, as <c>exec --process</c> takes it.</summary>
    /// <inheritdoc cref="Read(ReadOnlyMemory{byte}, string)"/>
    public static Process ReadProcess(ReadOnlyMemory<byte> utf8, string fileName) => Read(utf8, fileName, Process);

    /// <summary>Reads hooks alone, as a state keeps them for delete.</summary>
    /// <inheritdoc cref="Read(ReadOnlyMemory{byte}, string)"/>
    public static Hooks ReadHooks(ReadOnlyMemory<byte> utf8, string fileName) => Read(utf8, fileName, Hooks);

    /// <summary>Reads limits alone, as <c>update --resources</c> takes them.</summary>
    /// <inheritdoc cref="Read(ReadOnlyMemory{byte}, string)"/>
    public static Resources ReadResources(ReadOnlyMemory<byte> utf8, string fileName) => Read(utf8, fileName, Resources);

    private static T Read<T>(ReadOnlyMemory<byte> utf8, string fileName, JsonCursor.Item<T> read) where T : class
    {
        ThrowUnlessText(utf8.Span, fileName);
        var json = new JsonCursor(utf8);
        T? value = json.Document(read);
        if (value is null || json.Problems is not null)
            throw new ConfigException(fileName, JsonLocation.Locate(utf8.Span, json.Problems ?? []));
        return value;
    }

    private static void ThrowUnlessText(ReadOnlySpan<byte> utf8, string fileName)
    {
        if (utf8.Length > MaxBytes)
        {
            throw new ConfigException(fileName, [new Finding(
                ConfigCodes.FileTooLarge, "", FormattableString.Invariant($"has {utf8.Length} bytes, more than {MaxBytes}"))]);
        }
        if (utf8.StartsWith("\uFEFF"u8))
        {
            throw new ConfigException(fileName, [new Finding(
                ConfigCodes.JsonEncoding, "", "starts with a byte order mark", 1, 1)]);
        }
        if (!Utf8.IsValid(utf8))
        {
            int offset = JsonLocation.FirstInvalidByte(utf8);
            throw new ConfigException(fileName, JsonLocation.Locate(utf8, [new JsonProblem(
                offset, null, ConfigCodes.JsonEncoding, FormattableString.Invariant($"has a byte that is not UTF-8: 0x{utf8[offset]:x2}"))]));
        }
    }

    private static Config? Config(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var config = new Config();
        while (json.Next(ref members))
        {
            if (members.Is("ociVersion"u8)) config.OciVersion = json.Text() ?? "";
            else if (members.Is("root"u8)) config.Root = Root(ref json);
            else if (members.Is("mounts"u8)) config.Mounts = json.Array(Mount);
            else if (members.Is("process"u8)) config.Process = Process(ref json);
            else if (members.Is("hostname"u8)) config.Hostname = json.Text();
            else if (members.Is("domainname"u8)) config.Domainname = json.Text();
            else if (members.Is("hooks"u8)) config.Hooks = Hooks(ref json);
            else if (members.Is("annotations"u8)) config.Annotations = json.Map(FreeText);
            else if (members.Is("linux"u8)) config.Linux = Linux(ref json);
            else json.Skip();
        }
        json.Require(members, "ociVersion"u8);
        return config;
    }

    private static Root? Root(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var root = new Root();
        while (json.Next(ref members))
        {
            if (members.Is("path"u8)) root.Path = json.Text() ?? "";
            else if (members.Is("readonly"u8)) root.Readonly = json.Bool() ?? false;
            else json.Skip();
        }
        json.Require(members, "path"u8);
        return root;
    }

    private static Mount? Mount(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var mount = new Mount();
        while (json.Next(ref members))
        {
            if (members.Is("destination"u8)) mount.Destination = json.Text() ?? "";
            else if (members.Is("source"u8)) mount.Source = json.Text();
            else if (members.Is("type"u8)) mount.Type = json.Text();
            else if (members.Is("options"u8)) mount.Options = json.Texts();
            else if (members.Is("uidMappings"u8)) mount.UidMappings = json.Array(IdMapping);
            else if (members.Is("gidMappings"u8)) mount.GidMappings = json.Array(IdMapping);
            else json.Skip();
        }
        json.Require(members, "destination"u8);
        return mount;
    }

    private static Hooks? Hooks(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var hooks = new Hooks();
        while (json.Next(ref members))
        {
            if (members.Is("prestart"u8)) hooks.Prestart = json.Array(Hook);
            else if (members.Is("createRuntime"u8)) hooks.CreateRuntime = json.Array(Hook);
            else if (members.Is("createContainer"u8)) hooks.CreateContainer = json.Array(Hook);
            else if (members.Is("startContainer"u8)) hooks.StartContainer = json.Array(Hook);
            else if (members.Is("poststart"u8)) hooks.Poststart = json.Array(Hook);
            else if (members.Is("poststop"u8)) hooks.Poststop = json.Array(Hook);
            else json.Skip();
        }
        return hooks;
    }

    private static Hook? Hook(ref JsonCursor json)
    {
        if (!json.Object(out var members))
            return null;
        var hook = new Hook();
        while (json.Next(ref members))
        {
            if (members.Is("path"u8)) hook.Path = json.Text() ?? "";
            else if (members.Is("args"u8)) hook.Args = json.Texts();
            else if (members.Is("env"u8)) hook.Env = json.Utf8Texts();
            else if (members.Is("timeout"u8)) hook.Timeout = json.Int32();
            else json.Skip();
        }
        json.Require(members, "path"u8);
        return hook;
    }

    private static string? Text(ref JsonCursor json) => json.Text();

    private static string? FreeText(ref JsonCursor json) => json.FreeText();
}
