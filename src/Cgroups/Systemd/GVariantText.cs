using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Csrun.Cgroups.Systemd;

/// <summary>
/// Values in GVariant's text format, as annotations have them: <c>true</c>, <c>42</c>, <c>uint64 5</c>, <c>'text'</c>,
/// <c>['a', 'b']</c>, <c>@as []</c>, <c>(1, 'x')</c>, <c>{'k': &lt;1&gt;}</c> (docs.gtk.org/glib/gvariant-text-format.html).
/// </summary>
internal ref struct GVariantText
{
    private const int MostNested = 16;
    private readonly string _text;
    private int _at;

    private GVariantText(string text) => _text = text;

    /// <summary>Reads one; what is none is a <see cref="FormatException"/> that says why.</summary>
    public static BusValue Parse(string text)
    {
        GVariantText reader = new(text);
        BusValue value = reader.Value(null, 0);
        reader.Blank();
        return reader._at == text.Length ? value : throw reader.Wrong("has more than one value");
    }

    private BusValue Value(string? type, int depth)
    {
        if (depth > MostNested)
        {
            throw Wrong("is nested too deep");
        }
        Blank();
        char next = Peek();
        if (next == '@')
        {
            _at++;
            int start = _at;
            _at += BusWriter.TypeLength(_text.AsSpan(_at));
            return Value(_text[start.._at], depth + 1);
        }
        if (next is '\'' or '"')
        {
            return new(type is null or "s" or "o" or "g" ? type ?? "s" : throw Wrong("has text where none belongs"), Text());
        }
        if (next == '[')
        {
            return Array(type, depth);
        }
        if (next == '(')
        {
            return Tuple(type, depth);
        }
        if (next == '{')
        {
            return Dictionary(type, depth);
        }
        if (next == '<')
        {
            _at++;
            BusValue inner = Value(null, depth + 1);
            Expect('>');
            return new("v", inner);
        }
        return char.IsAsciiLetter(next) ? Word(type, depth) : Number(type);
    }

    private BusValue Word(string? type, int depth)
    {
        int start = _at;
        while (char.IsAsciiLetterOrDigit(Peek()))
        {
            _at++;
        }
        string word = _text[start.._at];
        string? named = word switch
        {
            "boolean" => "b",
            "byte" => "y",
            "int16" => "n",
            "uint16" => "q",
            "int32" => "i",
            "uint32" => "u",
            "int64" => "x",
            "uint64" => "t",
            "double" => "d",
            "string" => "s",
            "objectpath" => "o",
            "signature" => "g",
            _ => null,
        };
        if (named is not null)
        {
            return Value(named, depth + 1);
        }
        return word is "true" or "false" && type is null or "b" ? new("b", word == "true") : throw Wrong($"has a word that means nothing there: {word}");
    }

    private BusValue Number(string? type)
    {
        int start = _at;
        while (char.IsAsciiLetterOrDigit(Peek()) || Peek() is '.' or '-' or '+')
        {
            _at++;
        }
        string word = _text[start.._at];
        bool hex = word.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        type ??= !hex && word.AsSpan().ContainsAny(".eE") ? "d" : "i";
        NumberStyles style = hex ? NumberStyles.AllowHexSpecifier : NumberStyles.AllowLeadingSign;
        ReadOnlySpan<char> digits = hex ? word.AsSpan(2) : word;
        CultureInfo plain = CultureInfo.InvariantCulture;
        object? value = type switch
        {
            "y" => byte.TryParse(digits, style, plain, out byte y) ? y : null,
            "n" => short.TryParse(digits, style, plain, out short n) ? n : null,
            "q" => ushort.TryParse(digits, style, plain, out ushort q) ? q : null,
            "i" => int.TryParse(digits, style, plain, out int i) ? i : null,
            "u" => uint.TryParse(digits, style, plain, out uint u) ? u : null,
            "x" => long.TryParse(digits, style, plain, out long x) ? x : null,
            "t" => ulong.TryParse(digits, style, plain, out ulong t) ? t : null,
            "d" => double.TryParse(digits, NumberStyles.Float, plain, out double d) ? d : null,
            _ => null,
        };
        return value is null ? throw Wrong($"has no number of type {type}: {word}") : new(type, value);
    }

    private BusValue Array(string? type, int depth)
    {
        Expect('[');
        string? element = type is ['a', ..] ? type[1..] : type is null ? null : throw Wrong("has a list where none belongs");
        List<object> items = [];
        while (!TryEnd(']', items.Count))
        {
            BusValue item = Value(element, depth + 1);
            element ??= item.Signature;
            items.Add(item.Signature == element ? item.Value : throw Wrong("has a list of several types"));
        }
        return new("a" + (element ?? throw Wrong("has an empty list without a type, like @as []")), items.ToArray());
    }

    private BusValue Tuple(string? type, int depth)
    {
        Expect('(');
        ReadOnlySpan<char> members = type is ['(', .., ')'] ? type.AsSpan(1, type.Length - 2) : default;
        StringBuilder signature = new("(");
        List<object> items = [];
        while (!TryEnd(')', items.Count))
        {
            int length = members.IsEmpty ? 0 : BusWriter.TypeLength(members);
            BusValue item = Value(length == 0 ? null : members[..length].ToString(), depth + 1);
            members = members[length..];
            signature.Append(item.Signature);
            items.Add(item.Value);
        }
        string found = signature.Append(')').ToString();
        return type is null || type == found ? new(found, items.ToArray()) : throw Wrong($"has a tuple {found} instead of {type}");
    }

    private BusValue Dictionary(string? type, int depth)
    {
        Expect('{');
        string? key = null, value = null;
        if (type is ['a', '{', .. var entry, '}'])
        {
            int length = BusWriter.TypeLength(entry);
            (key, value) = (entry[..length], entry[length..]);
        }
        else if (type is not null)
        {
            throw Wrong("has a dictionary where none belongs");
        }
        List<object> items = [];
        while (!TryEnd('}', items.Count))
        {
            BusValue name = Value(key, depth + 1);
            Expect(':');
            BusValue content = Value(value, depth + 1);
            (key, value) = (key ?? name.Signature, value ?? content.Signature);
            items.Add(name.Signature == key && content.Signature == value
                ? new object[] { name.Value, content.Value }
                : throw Wrong("has a dictionary of several types"));
        }
        return key is null ? throw Wrong("has an empty dictionary without a type") : new($"a{{{key}{value}}}", items.ToArray());
    }

    private string Text()
    {
        char quote = _text[_at++];
        StringBuilder text = new();
        while (Peek() != quote)
        {
            char c = Next();
            if (c != '\\')
            {
                text.Append(c);
                continue;
            }
            c = Next();
            text.Append(c switch
            {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'a' => '\a',
                'b' => '\b',
                'f' => '\f',
                'v' => '\v',
                'u' => (char)Hex(4),
                _ => c,
            });
        }
        _at++;
        return text.ToString();
    }

    private int Hex(int digits)
    {
        if (_at + digits <= _text.Length
            && int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value))
        {
            _at += digits;
            return value;
        }
        throw Wrong("has an escape without its digits");
    }

    /// <summary>The end of a list, or the comma before its next item.</summary>
    private bool TryEnd(char end, int items)
    {
        Blank();
        if (items > 0 && Peek() == ',')
        {
            _at++;
            Blank();
        }
        else if (items > 0 && Peek() != end)
        {
            throw Wrong("lacks a comma");
        }
        if (Peek() != end)
        {
            return false;
        }
        _at++;
        return true;
    }

    private void Expect(char wanted)
    {
        Blank();
        if (Next() != wanted)
        {
            throw Wrong($"lacks \"{wanted}\"");
        }
    }

    private void Blank()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }

    private readonly char Peek() => _at < _text.Length ? _text[_at] : '\0';

    private char Next() => _at < _text.Length ? _text[_at++] : throw Wrong("ends too early");

    private readonly FormatException Wrong(string what) => new($"\"{_text}\" {what}");
}
