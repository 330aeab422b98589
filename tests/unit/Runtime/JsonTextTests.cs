using System;
using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using Csrun.Runtime;
using Xunit;

namespace Csrun.Tests.Unit.Runtime;

public sealed class JsonTextTests
{
    [Fact]
    public void What_is_written_reads_back_as_it_was()
    {
        Gen.String.Sample(text =>
        {
            // A lone surrogate has no UTF-8 and comes back as the replacement character, as everywhere.
            string expected = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            Assert.Equal(expected, JsonDocument.Parse(Write(w => w.WriteStringValue(text))).RootElement.GetString());
        }, iter: 5000);
    }

    [Fact]
    public void Utf8_that_is_written_reads_back_as_it_was()
    {
        Gen.Byte.Array[0, 40].Sample(bytes =>
        {
            string expected = Encoding.UTF8.GetString(bytes);
            Assert.Equal(expected, JsonDocument.Parse(Write(w => w.WriteStringValue(Encoding.UTF8.GetBytes(expected)))).RootElement.GetString());
        }, iter: 5000);
    }

    [Theory]
    [InlineData("cannot bind /data/<x>&'+: é 漢 😀", "cannot bind /data/<x>&'+: é 漢 😀")]
    [InlineData("say \"no\"\n\t\\\u0001\u007f", "say \\\"no\\\"\\n\\t\\\\\\u0001\\u007f")]
    public void Only_what_json_demands_is_escaped(string text, string expected) =>
        Assert.Equal($"\"{expected}\"", Encoding.UTF8.GetString(Write(w => w.WriteStringValue(text)).Span));

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JsonText.Encoder }))
            write(writer);
        return buffer.WrittenMemory;
    }
}
