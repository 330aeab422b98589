namespace Csrun.Spec;

/// <summary>Every kind of finding of the reader and the validator, with what an operator should know about it.</summary>
public static partial class ConfigCodes
{
    /// <summary>All of them, for <c>explain</c> and docs/errors.md.</summary>
    public static ErrorCode[] All =>
    [
        JsonSyntax, JsonEncoding, JsonTooDeep, FileTooLarge, DuplicateName, WrongType, OutOfRange, Missing,
        UnknownValue, NulByte, VersionInvalid, VersionUnsupported, VersionNewer, EmptyValue, PathNotAbsolute,
        PathDotDot, TooLong, DuplicateEntry, NamespaceMissing, NamespaceJoined, InvalidId, IdMappingInvalid,
        IdMappingIncomplete, IdMappingUnused, IdNotMapped, MountDestinationRelative, MountOnRoot, MountInProc,
        MountTypeMissing, MountSourceEmpty, MountBindData, MountOptionMisplaced, MountIdmapUnmapped, ArgsMissing, EnvInvalid,
        RlimitSoftAboveHard, SchedulerConflict, ListInvalid, SysctlInvalid, SysctlNotNamespaced, SysctlConflict,
        DeviceRepeated, DeviceAccessInvalid, NetDeviceNameInvalid, RdtInvalid, MemoryPolicyConflict, PersonalityFlag,
        MemorySwapInvalid, MemoryKernelIgnored, CpuConflict, HugepageSizeInvalid, LimitEmpty, UnifiedKeyInvalid, ResourceUnavailable,
        SeccompErrnoUnused, SeccompNotifyInvalid,
    ];

    public static ErrorCode JsonSyntax => new(
        "json-syntax",
        "The file is not valid JSON; reading stopped at the place shown.",
        "It was edited by hand (a comma too many, a missing quote, a comment) or written only in part because a disk was full or a program was killed.",
        "Look at the line and column shown, or run the file through `jq .`; if an engine wrote it, let the engine write it again.");

    public static ErrorCode JsonEncoding => new(
        "json-encoding",
        "The file is not clean UTF-8: it has an invalid byte, a byte order mark, or an escape that is half of a surrogate pair.",
        "An editor saved it in another encoding, or a name from a file system or an image label was copied in byte by byte.",
        "Save it as UTF-8 without a byte order mark; `iconv -f UTF-8 -t UTF-8 FILE` shows the first bad byte.");

    public static ErrorCode JsonTooDeep => new(
        "json-too-deep",
        "Objects and arrays nest deeper than 64 levels, where the spec needs 7.",
        "The file is damaged, or was made to exhaust a parser.",
        "Find out what wrote it; no container needs such a file.");

    public static ErrorCode FileTooLarge => new(
        "file-too-large",
        "The file is larger than 16 MiB and is not read at all.",
        "The wrong file was given, or a generator repeats mounts or environment variables without end.",
        "Look at its size and beginning; a usual config.json has 10 to 50 KB.");

    public static ErrorCode DuplicateName => new(
        "duplicate-name",
        "An object has the same name twice, and programs differ about which of the two counts.",
        "Two tools or a merge by hand each added the member.",
        "Remove one of them.");

    public static ErrorCode WrongType => new(
        "wrong-type",
        "A value has another JSON type than the spec gives it, for example a number where a string belongs.",
        "A quote was forgotten or put where none belongs, or one object stands where an array of them is expected.",
        "Write the value as the message says; null is allowed only for a member that may be absent.");

    public static ErrorCode OutOfRange => new(
        "out-of-range",
        "A number lies outside the range that the spec or the kernel allows.",
        "A typing error, a wrong unit, or a generator that writes -1 for \"unset\".",
        "Use a value in the range shown, or leave the member out.");

    public static ErrorCode Missing => new(
        "missing",
        "A member that the spec requires here is absent or null.",
        "The config was written by hand or cut down, or its generator follows another version of the spec.",
        "Add the member; `csrun spec` prints a complete config to compare with.");

    public static ErrorCode UnknownValue => new(
        "unknown-value",
        "A value is not one of the names that the spec defines for it.",
        "A typing error or wrong case (names are case-sensitive), or a value of a newer spec.",
        "Use one of the names that the message lists.");

    public static ErrorCode NulByte => new(
        "nul-byte",
        "A string contains a NUL byte, which the kernel would take as the string's end.",
        "Binary data or a NUL-separated list was put into one string, or somebody tries to smuggle a shortened value past a check.",
        "Remove the \\u0000, and find out where it comes from.");

    public static ErrorCode VersionInvalid => new(
        "version-invalid",
        "ociVersion is not a version in the form of SemVer 2.0.0.",
        "A part is missing (1.0), has a leading zero or a letter v in front.",
        "Write the version of the spec that the config follows, such as 1.0.2 or 1.3.0.");

    public static ErrorCode VersionUnsupported => new(
        "version-unsupported",
        "The config follows a major version of the spec that this runtime does not know.",
        "ociVersion has a typing error, or the engine is from another age.",
        "Use an ociVersion of 1.x if the config really follows it; else another runtime is needed.");

    public static ErrorCode VersionNewer => new(
        "version-newer",
        "The config follows a newer minor version of the spec than this runtime (a warning).",
        "The engine is newer than the runtime; whatever the newer spec adds is ignored.",
        "Nothing, if the container works as expected; else use a newer csrun.");

    public static ErrorCode EmptyValue => new(
        "empty-value",
        "A value that has to say something is empty.",
        "A variable of a template or script was not set.",
        "Fill it in.");

    public static ErrorCode PathNotAbsolute => new(
        "path-not-absolute",
        "A path that must be absolute does not start with a slash.",
        "A relative path was given, or a variable in front of it was empty.",
        "Write the whole path from / on; paths of the container count from its root, those of hooks and namespaces from the host's.");

    public static ErrorCode PathDotDot => new(
        "path-dot-dot",
        "A path contains a part .. , which could lead out of the place it belongs to.",
        "The path was joined from pieces, or comes from somebody who should not choose it.",
        "Write the path without .. in it.");

    public static ErrorCode TooLong => new(
        "too-long",
        "A string is longer than the kernel can take.",
        "A generated name, often of a host, grew beyond the limit.",
        "Shorten it to the length shown.");

    public static ErrorCode DuplicateEntry => new(
        "duplicate-entry",
        "A list names the same thing twice, and the spec or the kernel allows it once.",
        "Two tools each appended their entry.",
        "Remove or merge one of the two.");

    public static ErrorCode NamespaceMissing => new(
        "namespace-missing",
        "The setting belongs to a namespace that the container does not have for itself, so it would change the host.",
        "The namespace was taken out (host network, host IPC, host UTS) and its settings were left in.",
        "Add the namespace that the message names to linux.namespaces, or remove the setting.");

    public static ErrorCode NamespaceJoined => new(
        "namespace-joined",
        "The setting can only be made in a new namespace, but the config joins an existing one.",
        "linux.namespaces gives a path for it, as engines do for containers of a pod.",
        "Set it in the container that makes the namespace, and leave it out here.");

    public static ErrorCode InvalidId => new(
        "invalid-id",
        "4294967295 is not a user or group id: to the kernel it means \"no id\".",
        "A -1 for \"unset\" was written as an unsigned number.",
        "Use a real id, or leave the member out.");

    public static ErrorCode IdMappingInvalid => new(
        "id-mapping-invalid",
        "The kernel would refuse these id mappings: a size of 0, ranges that overlap or pass the last id, or more than 340 of them.",
        "Ranges of /etc/subuid were joined by hand, or a mapping was added to one that covers it already.",
        "Make every range at least 1 long and disjoint from the others, both in the container and on the host.");

    public static ErrorCode IdMappingIncomplete => new(
        "id-mapping-incomplete",
        "User and group mappings are needed together, and one or both are missing or leave out id 0.",
        "A new user namespace was asked for without linux.uidMappings and linux.gidMappings, or a mount has only one of its two.",
        "Give both lists, and map id 0 of a new user namespace to some id of the host.");

    public static ErrorCode IdMappingUnused => new(
        "id-mapping-unused",
        "The config has id mappings, but no user namespace that they could apply to.",
        "The user namespace was removed and its mappings were left in; ids would not be shifted as somebody expects.",
        "Add {\"type\": \"user\"} to linux.namespaces, or remove the mappings.");

    public static ErrorCode IdNotMapped => new(
        "id-not-mapped",
        "The process is to run with an id that the container's user namespace does not map.",
        "The image or --user names an id above the mapped range.",
        "Map more ids, or choose one that is mapped.");
}
