using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Csrun.Spec;

/// <summary>
/// Walks a JSON text and takes typed values out of it. A value of the wrong kind is noted and skipped, so that one pass
/// finds all of them; only a syntax error ends the walk. Nothing but byte offsets is kept for the errors: their paths, lines
/// and columns are worked out afterwards (<see cref="JsonLocation"/>), so that a right config pays nothing for them.
/// </summary>
internal ref struct JsonCursor
{
    /// <summary>How deep objects and arrays may nest; the spec itself needs 7.</summary>
    public const int MaxDepth = 64;

    /// <summary>How many problems are reported: more would not help anybody, and a hostile file could have millions.</summary>
    public const int MaxProblems = 100;

    private readonly ReadOnlyMemory<byte> _memory;
    private readonly ReadOnlySpan<byte> _text;
    private Utf8JsonReader _json;

    public JsonCursor(ReadOnlyMemory<byte> text)
    {
        _memory = text;
        _text = text.Span;
        _json = new Utf8JsonReader(_text, new JsonReaderOptions { MaxDepth = MaxDepth });
    }

    /// <summary>What was wrong, in the order of the text; null if nothing was.</summary>
    public List<JsonProblem>? Problems { get; private set; }

    /// <summary>Reads an item of an array, a value of a map, or the whole document.</summary>
    public delegate T? Item<T>(ref JsonCursor json) where T : class;

    /// <summary>Reads the whole text as one value; null if it is wrong, see <see cref="Problems"/>.</summary>
    public T? Document<T>(Item<T> item) where T : class
    {
        try
        {
            Read();
            T? value = Required(item);
            Read();
            return value;
        }
        catch (JsonException exception)
        {
            ReportSyntax(exception);
            return null;
        }
    }

    /// <summary>Enters an object; false if the value is null (that is: absent) or, as a problem, something else.</summary>
    public bool Object(out Members members)
    {
        members = new Members { Offset = Offset };
        return Expect(JsonTokenType.StartObject, "an object");
    }

    /// <summary>Goes to the object's next member, whose value is then the current one; false at its end.</summary>
    public bool Next(ref Members members)
    {
        if (members.Repeated)
            Report(members.NameOffset, ConfigCodes.DuplicateName, "occurs more than once");
        Read();
        if (_json.TokenType == JsonTokenType.EndObject)
            return false;
        members.NameOffset = Offset;
        members.Name = _json.ValueIsEscaped ? Encoding.UTF8.GetBytes(Unescape() ?? "") : _json.ValueSpan;
        Read();
        members.Start(_json.TokenType == JsonTokenType.Null);
        return true;
    }

    /// <summary>Skips the value of a member that the spec does not know (config.md#extensibility).</summary>
    public void Skip() => _json.Skip();

    /// <summary>
    /// Notes those that are absent of an object's required members: the first ones that its reader asks for, in that order.
    /// </summary>
    public void Require(
        in Members members, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default, ReadOnlySpan<byte> third = default)
    {
        RequireOne(members, 0, first);
        RequireOne(members, 1, second);
        RequireOne(members, 2, third);
    }

    /// <summary>A string; null if absent.</summary>
    public string? Text()
    {
        string? text = FreeText();
        // Only an escape can bring one in: a raw one is a syntax error.
        if (text is not null && _json.ValueIsEscaped && text.Contains('\0', StringComparison.Ordinal))
            Report(Offset, ConfigCodes.NulByte, "must not contain a NUL byte");
        return text;
    }

    /// <summary>A string that never reaches the kernel: it may contain NUL.</summary>
    public string? FreeText()
    {
        if (!Expect(JsonTokenType.String, "a string"))
            return null;
        return Decode();
    }

    public bool? Bool()
    {
        if (_json.TokenType == JsonTokenType.True)
            return true;
        if (Expect(JsonTokenType.False, "true or false"))
            return false;
        return null;
    }

    public ushort? UInt16() => UInt64(ushort.MaxValue) is { } value ? (ushort)value : null;

    public uint? UInt32() => UInt64(uint.MaxValue) is { } value ? (uint)value : null;

    public ulong? UInt64(ulong largest = ulong.MaxValue)
    {
        if (!Expect(JsonTokenType.Number, "a number"))
            return null;
        if (_json.TryGetUInt64(out ulong value) && value <= largest)
            return value;
        ReportNumber("0", largest.ToString(provider: null));
        return null;
    }

    public int? Int32() => Int64(int.MinValue, int.MaxValue) is { } value ? (int)value : null;

    public long? Int64(long smallest = long.MinValue, long largest = long.MaxValue)
    {
        if (!Expect(JsonTokenType.Number, "a number"))
            return null;
        if (_json.TryGetInt64(out long value) && value >= smallest && value <= largest)
            return value;
        ReportNumber(smallest.ToString(provider: null), largest.ToString(provider: null));
        return null;
    }

    /// <summary>One of the names of an enumeration, whose n-th value has the n-th name.</summary>
    public T? OneOf<T>(ReadOnlySpan<string> names) where T : unmanaged, Enum
    {
        if (!Expect(JsonTokenType.String, "a string"))
            return null;
        ReadOnlySpan<byte> value = _json.ValueIsEscaped ? Encoding.UTF8.GetBytes(Unescape() ?? "") : _json.ValueSpan;
        for (int i = 0; i < names.Length; i++)
        {
            if (Ascii.Equals(value, names[i]))
                return Unsafe.BitCast<int, T>(i);
        }
        Report(Offset, ConfigCodes.UnknownValue, $"must be one of {string.Join(", ", names!)}, but is {Shown()}");
        return null;
    }

    /// <summary>An array of names of an enumeration.</summary>
    public T[]? SomeOf<T>(ReadOnlySpan<string> names) where T : unmanaged, Enum
    {
        if (!Expect(JsonTokenType.StartArray, "an array"))
            return null;
        var items = new List<T>();
        while (NextItem())
        {
            if (OneOf<T>(names) is { } item)
                items.Add(item);
        }
        return items.ToArray();
    }

    /// <summary>An array of strings.</summary>
    public string[]? Texts()
    {
        if (!Expect(JsonTokenType.StartArray, "an array"))
            return null;
        var items = new List<string>();
        while (NextItem())
        {
            if (Text() is { } item)
                items.Add(item);
        }
        return items.ToArray();
    }

    /// <summary>An array of strings that stay as they are.</summary>
    public Utf8Texts? Utf8Texts()
    {
        if (!Expect(JsonTokenType.StartArray, "an array"))
            return null;
        var items = new Utf8Texts.Builder(_memory);
        while (NextItem())
        {
            if (_json.TokenType == JsonTokenType.String && !_json.ValueIsEscaped)
                items.Add(Offset + 1, _json.ValueSpan.Length);
            else if (Text() is { } item)
                items.Add(item);
        }
        return items.Build();
    }

    /// <summary>An array of numbers.</summary>
    public uint[]? UInt32s()
    {
        if (!Expect(JsonTokenType.StartArray, "an array"))
            return null;
        var items = new List<uint>();
        while (NextItem())
        {
            if (UInt32() is { } item)
                items.Add(item);
        }
        return items.ToArray();
    }

    /// <summary>An array of objects.</summary>
    public T[]? Array<T>(Item<T> read) where T : class
    {
        if (!Expect(JsonTokenType.StartArray, "an array"))
            return null;
        var items = new List<T>();
        while (NextItem())
        {
            if (read(ref this) is { } item)
                items.Add(item);
        }
        return items.ToArray();
    }

    /// <summary>An object whose names are not the spec's, but data.</summary>
    public Dictionary<string, T>? Map<T>(Item<T> read) where T : class
    {
        if (!Expect(JsonTokenType.StartObject, "an object"))
            return null;
        var map = new Dictionary<string, T>(StringComparer.Ordinal);
        while (true)
        {
            Read();
            if (_json.TokenType == JsonTokenType.EndObject)
                return map;
            int nameOffset = Offset;
            string? name = Decode();
            Read();
            T? value = Required(read);
            if (name is not null && value is not null && !map.TryAdd(name, value))
                Report(nameOffset, ConfigCodes.DuplicateName, "occurs more than once");
        }
    }

    /// <summary>A name that is neither known nor may be ignored.</summary>
    public void ReportUnknown(in Members members, string expected)
    {
        Report(members.NameOffset, ConfigCodes.UnknownValue, $"is not known: {expected}");
        Skip();
    }

    private readonly int Offset => (int)_json.TokenStartIndex;

    private void Read() => _json.Read();

    private bool NextItem()
    {
        Read();
        while (_json.TokenType == JsonTokenType.Null)
        {
            Report(Offset, ConfigCodes.WrongType, "must not be null");
            Read();
        }
        return _json.TokenType != JsonTokenType.EndArray;
    }

    private T? Required<T>(Item<T> read) where T : class
    {
        if (_json.TokenType != JsonTokenType.Null)
            return read(ref this);
        Report(Offset, ConfigCodes.WrongType, "must not be null");
        return null;
    }

    private bool Expect(JsonTokenType type, string what)
    {
        JsonTokenType found = _json.TokenType;
        if (found == type)
            return true;
        if (found == JsonTokenType.Null)
            return false;
        Report(Offset, ConfigCodes.WrongType, $"must be {what}, but is {JsonLocation.Describe(found)}");
        _json.Skip();
        return false;
    }

    private void RequireOne(in Members members, int index, ReadOnlySpan<byte> name)
    {
        if (name.Length != 0 && !members.Has(index))
            Report(members.Offset, ConfigCodes.Missing, "is required, but missing", Encoding.UTF8.GetString(name));
    }

    /// <summary>The current string. All of the text is known to be UTF-8: nothing has to be checked again.</summary>
    private string? Decode() => _json.ValueIsEscaped ? Unescape() : Encoding.UTF8.GetString(_json.ValueSpan);

    private string? Unescape()
    {
        try
        {
            return _json.GetString();
        }
        catch (InvalidOperationException)
        {
            Report(Offset, ConfigCodes.JsonEncoding, "has an escape that is half of a surrogate pair");
            return null;
        }
    }

    private void Report(int offset, ErrorCode code, string message, string? member = null)
    {
        Problems ??= [];
        if (Problems.Count == MaxProblems)
            return;
        // What an object lacks is known at its end, but belongs to its start.
        int place = Problems.Count;
        while (place > 0 && Problems[place - 1].Offset > offset)
            place--;
        Problems.Insert(place, new JsonProblem(offset, member, code, message));
    }

    private void ReportNumber(string smallest, string largest)
    {
        if (_json.ValueSpan.IndexOfAny("eE."u8) >= 0)
            Report(Offset, ConfigCodes.WrongType, $"must be a whole number, but is {Shown()}");
        else
            Report(Offset, ConfigCodes.OutOfRange, $"must be from {smallest} to {largest}, but is {Shown()}");
    }

    private void ReportSyntax(JsonException exception)
    {
        int offset = JsonLocation.OffsetOf(_text, exception.LineNumber ?? 0, exception.BytePositionInLine ?? 0);
        // An object or array that was just entered does not count into the reader's depth yet.
        bool opens = offset < _text.Length && _text[offset] is (byte)'{' or (byte)'[';
        if (opens && _json.CurrentDepth >= MaxDepth - 1)
            Report(offset, ConfigCodes.JsonTooDeep, FormattableString.Invariant($"nests deeper than {MaxDepth} levels"));
        else
            Report(offset, ConfigCodes.JsonSyntax, "is not valid JSON: " + JsonLocation.DescribeSyntax(_text, offset));
    }

    /// <summary>The current string or number, cut to what fits into a message.</summary>
    private readonly string Shown()
    {
        const int Enough = 40;
        ReadOnlySpan<byte> raw = _json.ValueSpan;
        string text = Encoding.UTF8.GetString(raw[..Math.Min(raw.Length, Enough)]) + (raw.Length > Enough ? "..." : "");
        return _json.TokenType == JsonTokenType.String ? $"\"{text}\"" : text;
    }

    /// <summary>
    /// The members of one object. A reader asks for them with <see cref="Is"/>, always in the same order: so the number of
    /// the question is the number of the member, by which it is known to have been there.
    /// </summary>
    public ref struct Members
    {
        public ReadOnlySpan<byte> Name;
        public int NameOffset;
        public int Offset;
        private ulong _seen;
        private ulong _present;
        private int _question;
        private bool _isNull;

        /// <summary>The current member had been there before.</summary>
        public bool Repeated { get; private set; }

        public void Start(bool isNull)
        {
            _question = 0;
            _isNull = isNull;
            Repeated = false;
        }

        /// <summary>Whether the current member has this name.</summary>
        public bool Is(ReadOnlySpan<byte> name)
        {
            ulong bit = 1UL << _question++;
            if (!Name.SequenceEqual(name))
                return false;
            Repeated = (_seen & bit) != 0;
            _seen |= bit;
            if (!_isNull)
                _present |= bit;
            return true;
        }

        /// <summary>Whether the member that is asked for as the n-th was there, and not null.</summary>
        public readonly bool Has(int index) => (_present & (1UL << index)) != 0;
    }
}
