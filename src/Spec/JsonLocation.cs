using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;

namespace Csrun.Spec;

/// <summary>
/// Finds where in a JSON text something is. Only errors come here, so it walks the text anew rather than make every
/// reading keep track.
/// </summary>
public static class JsonLocation
{
    /// <summary>
    /// Gives each finding that has none the line and column of its path in the file, or, where the path does not exist,
    /// of the innermost object or array around it that does.
    /// </summary>
    public static void Fill(ReadOnlySpan<byte> utf8, List<Finding> findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        var offsets = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (Finding finding in findings)
        {
            for (string path = finding.Path; path.Length != 0; path = Parent(path))
                offsets.TryAdd(path, -1);
        }
        var walk = new Walk(utf8);
        while (walk.Next())
        {
            string path = walk.IsValue ? walk.Path() : "";
            if (offsets.TryGetValue(path, out int known) && known < 0)
                offsets[path] = walk.Offset;
        }
        for (int i = 0; i < findings.Count; i++)
        {
            string path = findings[i].Path;
            while (path.Length != 0 && offsets[path] < 0)
                path = Parent(path);
            if (findings[i].Line == 0)
                findings[i] = At(utf8, path.Length == 0 ? 0 : offsets[path], findings[i]);
        }
    }

    /// <summary>Turns a reader's problems, which are in the order of the text, into findings.</summary>
    internal static List<Finding> Locate(ReadOnlySpan<byte> utf8, List<JsonProblem> problems)
    {
        var findings = new List<Finding>(problems.Count);
        var walk = new Walk(utf8);
        bool more = true;
        foreach (JsonProblem problem in problems)
        {
            while (more && walk.End <= problem.Offset)
                more = walk.Next();
            string path = walk.Path();
            if (problem.Member is not null)
                path = Show.Join(path, problem.Member);
            findings.Add(At(utf8, problem.Offset, new Finding(problem.Code, path, problem.Message)));
        }
        return findings;
    }

    /// <summary>The byte at a line and a byte of it, both from 0, as <see cref="JsonException"/> counts them.</summary>
    internal static int OffsetOf(ReadOnlySpan<byte> utf8, long line, long byteInLine)
    {
        int offset = 0;
        while (line-- > 0)
            offset += utf8[offset..].IndexOf((byte)'\n') + 1;
        return (int)Math.Min(offset + byteInLine, utf8.Length);
    }

    /// <summary>Where a text that is not UTF-8 throughout stops being it.</summary>
    internal static int FirstInvalidByte(ReadOnlySpan<byte> utf8)
    {
        int offset = 0;
        while (Rune.DecodeFromUtf8(utf8[offset..], out _, out int length) == OperationStatus.Done)
            offset += length;
        return offset;
    }

    /// <summary>The kind of value that a token is, or begins.</summary>
    internal static string Describe(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        _ => "true or false",
    };

    /// <summary>What a person sees wrong at the byte where the syntax breaks.</summary>
    internal static string DescribeSyntax(ReadOnlySpan<byte> utf8, int offset)
    {
        if (utf8.Trim(" \t\r\n"u8).Length == 0)
            return "the file is empty";
        if (offset >= utf8.Length)
            return "the file ends too early";
        byte found = utf8[offset];
        ReadOnlySpan<byte> before = utf8[..offset].TrimEnd(" \t\r\n"u8);
        if (found is (byte)'}' or (byte)']' && before.EndsWith((byte)','))
            return $"a comma before '{(char)found}'";
        if (found == '/')
            return "comments are not allowed";
        if (found < ' ')
            return FormattableString.Invariant($"control character 0x{found:x2}");
        Rune.DecodeFromUtf8(utf8[offset..], out Rune rune, out _);
        return $"unexpected '{rune}'";
    }

    private static string Parent(string path)
    {
        if (path[^1] != ']')
            return path[..Math.Max(path.LastIndexOf('.'), 0)];
        // In a quoted name a quote or a bracket can only be part of an escape, or a plain bracket: the quote decides.
        int open = path.EndsWith("\"]", StringComparison.Ordinal)
            ? path.LastIndexOf("[\"", path.Length - 3, StringComparison.Ordinal)
            : path.LastIndexOf('[');
        return path[..Math.Max(open, 0)];
    }

    private static Finding At(ReadOnlySpan<byte> utf8, int offset, Finding finding)
    {
        ReadOnlySpan<byte> before = utf8[..Math.Min(offset, utf8.Length)];
        return finding with
        {
            Line = before.Count((byte)'\n') + 1,
            Column = before.Length - before.LastIndexOf((byte)'\n'),
        };
    }

    /// <summary>Visits every name and value of a text, up to its first syntax error, and knows the path of each.</summary>
    private ref struct Walk
    {
        private readonly List<Step> _steps = [];
        private Utf8JsonReader _json;

        public Walk(ReadOnlySpan<byte> utf8)
        {
            _json = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = JsonCursor.MaxDepth });
        }

        /// <summary>First byte of the current name or value.</summary>
        public int Offset { get; private set; }

        /// <summary>The byte after it; 0 before the first.</summary>
        public int End { get; private set; }

        /// <summary>At the start of a value, not at a name or an end.</summary>
        public readonly bool IsValue =>
            _json.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndObject or JsonTokenType.EndArray);

        public bool Next()
        {
            try
            {
                return Read();
            }
            catch (JsonException)
            {
                return false;
            }
        }

        public readonly string Path()
        {
            var path = "";
            foreach (Step step in _steps)
            {
                if (step.Name is not null)
                    path = Show.Join(path, step.Name);
                else if (step.Index >= 0)
                    path = Show.At(path, step.Index);
            }
            return path;
        }

        private bool Read()
        {
            if (!_json.Read())
                return false;
            Offset = (int)_json.TokenStartIndex;
            End = (int)_json.BytesConsumed;
            JsonTokenType type = _json.TokenType;
            if (type is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                _steps.RemoveAt(_steps.Count - 1);
                return true;
            }
            if (_steps.Count > 0 && _steps[^1].IsArray)
                _steps[^1] = _steps[^1] with { Index = _steps[^1].Index + 1 };
            else if (type == JsonTokenType.PropertyName)
                _steps[^1] = _steps[^1] with { Name = Name() };
            if (type is JsonTokenType.StartObject or JsonTokenType.StartArray)
                _steps.Add(new Step(type == JsonTokenType.StartArray, null, -1));
            return true;
        }

        private readonly string Name()
        {
            try
            {
                return _json.GetString()!;
            }
            catch (InvalidOperationException)
            {
                return Encoding.UTF8.GetString(_json.ValueSpan);
            }
        }

        private readonly record struct Step(bool IsArray, string? Name, int Index);
    }
}
