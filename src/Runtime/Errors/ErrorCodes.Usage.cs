using Csrun.Spec;

namespace Csrun.Runtime;

public static partial class ErrorCodes
{
    public static readonly ErrorCode UnknownCommand = new(
        "unknown-command",
        "csrun has no command of that name; the exit code is 3.",
        "A misspelt command, or a global option that lacks its value, so that the value was taken for the command.",
        "`csrun help` lists the commands.");

    public static readonly ErrorCode CommandNotSupported = new(
        "command-not-supported",
        "That is a command of other runtimes that this version of csrun does not have yet.",
        "A caller that needs checkpoint or restore.",
        "Use a newer csrun, or another runtime for this container.");

    public static readonly ErrorCode UnknownOption = new(
        "unknown-option",
        "The command does not take that option.",
        "A misspelt option, one of another command, or one that only another runtime has.",
        "`csrun COMMAND --help` lists the command's options, `csrun --help` the global ones.");

    public static readonly ErrorCode OptionNeedsArgument = new(
        "option-needs-argument",
        "The option stands at the end of the line, without its value.",
        "A value that was left out, or a variable of the calling script that is empty and not quoted.",
        "Give the value as `--option value` or `--option=value`.");

    public static readonly ErrorCode OptionInvalid = new(
        "option-invalid",
        "The option does not take that value.",
        "A word where a number is needed, or a word that is not one of the choices.",
        "`csrun COMMAND --help` says what the option takes.");

    public static readonly ErrorCode WrongArguments = new(
        "wrong-arguments",
        "The command got too few arguments, or too many.",
        "A missing container id, or an option whose value was not joined to it and so became an argument.",
        "`csrun COMMAND --help` shows what the command takes.");

    public static readonly ErrorCode LogUnusable = new(
        "log-unusable",
        "The file given with `--log` cannot be opened for appending; nothing else was done.",
        "Its directory does not exist, it may not be written by the caller, or it is not a file path (journald: and syslog: are not supported yet).",
        "Give a file that can be written, or leave out `--log`: errors then go to standard error alone.");

    public static readonly ErrorCode SpecExists = new(
        "spec-exists",
        "`csrun spec` does not overwrite a configuration.",
        "The bundle has a config.json already.",
        "Remove or rename the file first, or give another bundle with `--bundle`.");

    public static readonly ErrorCode UnknownCode = new(
        "unknown-code",
        "csrun has no error code of that name.",
        "A misspelt code, or one of another version.",
        "`csrun explain` lists all codes.");

    private static readonly ErrorCode[] s_usage =
    [
        UnknownCommand, CommandNotSupported, UnknownOption, OptionNeedsArgument, OptionInvalid, WrongArguments,
        LogUnusable, SpecExists, UnknownCode,
    ];
}
