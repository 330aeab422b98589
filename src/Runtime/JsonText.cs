using System;
using System.Text;
using System.Text.Encodings.Web;

namespace Csrun.Runtime;

/// <summary>
/// Escapes in JSON what JSON demands (RFC 8259, section 7: quote, backslash, control characters) and nothing more, so
/// that texts stay readable. The library's relaxed encoder does nearly the same, but fills a table of all of Unicode at
/// first use, 0.3 ms of every command.
/// </summary>
internal sealed class JsonText : JavaScriptEncoder
{
    /// <summary>For <see cref="System.Text.Json.JsonWriterOptions.Encoder"/>.</summary>
    public static readonly JsonText Encoder = new();

    /// <summary>\u001f is the longest.</summary>
    public override int MaxOutputCharactersPerInputCharacter => 6;

    public override bool WillEncode(int unicodeScalar) => unicodeScalar is < ' ' or '"' or '\\' or 0x7F;

    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        for (int i = 0; i < textLength; i++)
        {
            // A surrogate without its other half must be replaced: it has no UTF-8.
            if (WillEncode(text[i]) || (char.IsSurrogate(text[i]) && !IsPair(text, i, textLength)))
                return i;
            if (char.IsHighSurrogate(text[i]))
                i++;
        }
        return -1;
    }

    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text)
    {
        for (int i = 0; i < utf8Text.Length;)
        {
            if (utf8Text[i] < 0x80)
            {
                if (WillEncode(utf8Text[i]))
                    return i;
                i++;
                continue;
            }
            if (Rune.DecodeFromUtf8(utf8Text[i..], out _, out int used) != System.Buffers.OperationStatus.Done)
                return i;
            i += used;
        }
        return -1;
    }

    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var destination = new Span<char>(buffer, bufferLength);
        if (!WillEncode(unicodeScalar))
            return new Rune(unicodeScalar).TryEncodeToUtf16(destination, out numberOfCharactersWritten);
        ReadOnlySpan<char> escaped = unicodeScalar switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ => $"\\u{unicodeScalar:x4}",
        };
        bool fits = escaped.TryCopyTo(destination);
        numberOfCharactersWritten = fits ? escaped.Length : 0;
        return fits;
    }

    private static unsafe bool IsPair(char* text, int index, int length) =>
        char.IsHighSurrogate(text[index]) && index + 1 < length && char.IsLowSurrogate(text[index + 1]);
}
