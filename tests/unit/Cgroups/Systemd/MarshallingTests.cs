using System;
using System.Collections.Generic;
using System.Linq;
using Csrun.Cgroups.Systemd;
using Csrun.Linux;
using Xunit;

namespace Csrun.Tests.Unit.Cgroups.Systemd;

/// <summary>D-Bus values as bytes (D-Bus specification, "Marshaling") and as text (GVariant text format).</summary>
public class MarshallingTests
{
    public static TheoryData<string, object[], string> Bytes => new()
    {
        { "y", [(byte)5], "05" },
        { "b", [true], "01000000" },
        { "yu", [(byte)1, 2u], "0100000002000000" },
        { "s", ["foo"], "03000000666f6f00" },
        { "sq", ["+", (ushort)258], "010000002b000201" },
        { "g", ["a{sv}"], "05617b73767d00" },
        { "yt", [(byte)1, 0x0102030405060708UL], "01000000000000000807060504030201" },
        { "ni", [(short)-2, -3], "feff0000fdffffff" },
        { "x", [-1L], "ffffffffffffffff" },
        { "d", [1.5], "000000000000f83f" },
        // The specification's own example: an array of one INT64.
        { "ax", [new object[] { 5L }], "08000000000000000500000000000000" },
        // The gap before the first element is there in an empty array, too.
        { "at", [Array.Empty<object>()], "0000000000000000" },
        { "ay", [new object[] { (byte)1, (byte)2 }], "020000000102" },
        { "as", [new object[] { "a", "bc" }], "0f000000010000006100000002000000626300" },
        { "v", [new BusValue("u", 7u)], "0175000007000000" },
        { "(yu)", [new object[] { (byte)1, 2u }], "0100000002000000" },
        { "a(sv)", [new object[] { new object[] { "k", new BusValue("b", false) } }], "1000000000000000010000006b0001620000000000000000" },
        { "a{sy}", [new object[] { new object[] { "k", (byte)9 } }], "0700000000000000010000006b0009" },
    };

    [Theory, MemberData(nameof(Bytes))]
    public void Values_have_the_bytes_of_the_specification(string signature, object[] values, string hex)
    {
        BusWriter writer = new();
        writer.Values(signature, values);
        Assert.Equal(hex, Convert.ToHexStringLower(writer.Written));
        BusReader reader = new(writer.Written);
        Assert.Equal(values.Length, reader.Values(signature).Length);
        Assert.Equal(writer.Length, reader.Position);
    }

    [Fact]
    public void A_message_has_the_bytes_of_the_specification()
    {
        // "Message Format", laid out by hand.
        const string Hello = "6c01000100000000010000006d00000001016f00150000002f6f72672f667265656465736b746f702f4442757300000002017300140000006f72672e667265656465736b746f702e444275730000000003017300050000"
            + "0048656c6c6f00000006017300140000006f72672e667265656465736b746f702e4442757300000000";
        BusMessage message = BusMessage.Read(Convert.FromHexString(Hello));
        Assert.Equal(("Hello", "/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus", 1u),
            (message.Member!, message.Path!, message.Interface!, message.Destination!, message.Serial));
        BusWriter writer = new();
        message.Write(writer);
        Assert.Equal(Hello, Convert.ToHexStringLower(writer.Written));
    }

    [Theory]
    [InlineData("s", "ff000000")]
    [InlineData("s", "0300")]
    [InlineData("ay", "ffffff7f01")]
    [InlineData("v", "00")]
    [InlineData("v", "0275750001000000")]
    [InlineData("z", "00")]
    [InlineData("(y", "00")]
    public void What_is_too_short_or_no_value_is_refused(string signature, string hex) => Assert.Throws<FormatException>(() =>
    {
        BusReader reader = new(Convert.FromHexString(hex));
        return reader.Values(signature);
    });

    [Theory]
    [InlineData("true", "b", true)]
    [InlineData("42", "i", 42)]
    [InlineData("-7", "i", -7)]
    [InlineData("0x1F", "i", 31)]
    [InlineData("1.5", "d", 1.5)]
    [InlineData("uint64 123456789012", "t", 123456789012UL)]
    [InlineData("int64 -5", "x", -5L)]
    [InlineData("byte 0xff", "y", (byte)255)]
    [InlineData("uint16 9", "q", (ushort)9)]
    [InlineData("double 3", "d", 3.0)]
    [InlineData("'inactive-or-failed'", "s", "inactive-or-failed")]
    [InlineData("\"it's\"", "s", "it's")]
    [InlineData(@" 'a\'b\\\n\u00e9' ", "s", "a'b\\\né")]
    [InlineData("objectpath '/a'", "o", "/a")]
    [InlineData("@u 5", "u", 5U)]
    public void Simple_values_are_read_from_text(string text, string signature, object value) =>
        Assert.Equal(new BusValue(signature, value), GVariantText.Parse(text));

    [Theory]
    [InlineData("['a', 'b']", "as", "a b")]
    [InlineData("@as []", "as", "")]
    [InlineData("[uint32 1, uint32 2]", "au", "1 2")]
    [InlineData("@au [1, 2,]", "au", "1 2")]
    [InlineData("(1, 'x', true)", "(isb)", "1 x True")]
    [InlineData("[('/dev/null', 'rw')]", "a(ss)", "/dev/null rw")]
    [InlineData("{'k': <1>}", "a{sv}", "k BusValue { Signature = i, Value = 1 }")]
    [InlineData("@a(st) [('/dev/sda', 5)]", "a(st)", "/dev/sda 5")]
    public void Lists_are_read_from_text(string text, string signature, string items)
    {
        BusValue value = GVariantText.Parse(text);
        Assert.Equal(signature, value.Signature);
        Assert.Equal(items, string.Join(' ', Flat((object[])value.Value)));
        new BusWriter().Value(value.Signature, value.Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("yes")]
    [InlineData("'open")]
    [InlineData("[1, 'x']")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("1 2")]
    [InlineData("byte 256")]
    [InlineData("uint64 -1")]
    [InlineData("string 5")]
    [InlineData("@b 5")]
    [InlineData("(1")]
    [InlineData("[1 2]")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]")]
    public void What_is_no_value_is_refused(string text) => Assert.Throws<FormatException>(() => GVariantText.Parse(text));

    [Fact]
    public void Annotations_become_properties_and_seconds_microseconds()
    {
        var properties = AnnotatedProperties.From(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["org.systemd.property.CollectMode"] = "'inactive'",
            ["org.systemd.property.TimeoutStopSec"] = "1.5",
            ["org.systemd.property.TimeoutStopUSec"] = "uint64 7",
            ["org.example.other"] = "x",
        });
        Assert.Equal([("CollectMode", new BusValue("s", "inactive")), ("TimeoutStopUSec", new("t", 1500000UL)), ("TimeoutStopUSec", new("t", 7UL))], properties);
    }

    [Theory]
    [InlineData("org.systemd.property.Ab", "1")]
    [InlineData("org.systemd.property.With.Dot", "1")]
    [InlineData("org.systemd.property.TimeoutStopSec", "'x'")]
    [InlineData("org.systemd.property.TimeoutStopSec", "-1")]
    [InlineData("org.systemd.property.Name", "nothing")]
    public void A_wrong_annotation_is_named(string key, string value) => Assert.Equal(key, Assert.Throws<LinuxException>(
        () => AnnotatedProperties.From(new Dictionary<string, string>(StringComparer.Ordinal) { [key] = value })).Target);

    private static IEnumerable<object> Flat(object[] items) =>
        items.SelectMany(static item => item is object[] inner ? Flat(inner) : [item]);
}
