using System;
using System.Linq;
using System.Text;
using CsCheck;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit;

public sealed class ReaderPropertyTests
{
    private static readonly byte[] _whole = SpecFiles.Bytes("whole.json");

    private static readonly string[] _pieces =
    [
        "{", "}", "[", "]", ":", ",", "\"", "\\", "null", "true", "-", "1e999", "18446744073709551616", "\\ud800", "\\u0000",
        "\"linux\"", "\"mounts\":", "\"process\":{", "\"args\":[", "\"annotations\":{\"a\":\"b\"}", " ", "\n", "\u00e9", "/*", "//",
    ];

    [Fact]
    public void No_bytes_make_it_do_anything_but_read_or_refuse() =>
        Gen.Byte.Array[0, 200].Sample(bytes => Holds(bytes), iter: 5_000);

    [Fact]
    public void No_text_of_JSON_pieces_does() =>
        Gen.OneOf(_pieces).Array[0, 60].Sample(pieces => Holds(Encoding.UTF8.GetBytes(string.Concat(pieces))), iter: 5_000);

    [Fact]
    public void No_change_of_some_bytes_of_a_right_config_does() =>
        Gen.Select(Gen.Int[0, _whole.Length - 1], Gen.Int[0, 30], Gen.OneOf(_pieces)).Array[1, 3].Sample(changes =>
        {
            byte[] bytes = _whole;
            foreach ((int at, int length, string piece) in changes)
            {
                int start = Math.Min(at, bytes.Length);
                int end = Math.Min(start + length, bytes.Length);
                bytes = [.. bytes[..start], .. Encoding.UTF8.GetBytes(piece), .. bytes[end..]];
            }
            return Holds(bytes);
        }, iter: 2_000);

    [Fact]
    public void No_text_makes_the_readers_of_a_process_and_of_limits_do_anything_else_either() =>
        Gen.OneOf(_pieces).Array[0, 60].Sample(pieces =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes("{" + string.Concat(pieces));
            try
            {
                Validator.ValidateProcess(ConfigReader.ReadProcess(bytes, "process.json"));
            }
            catch (ConfigException refused)
            {
                Assert.NotEmpty(refused.Findings);
            }
            try
            {
                Validator.ValidateUpdate(ConfigReader.ReadResources(bytes, "resources.json"));
            }
            catch (ConfigException refused)
            {
                Assert.NotEmpty(refused.Findings);
            }
        }, iter: 3_000);

    [Fact]
    public void Every_beginning_of_a_right_config_is_refused_but_the_whole()
    {
        for (int length = 0; length < TrimmedLength(_whole); length++)
            Assert.NotEmpty(SpecFiles.Read(_whole[..length], out _));
    }

    [Fact]
    public void Reading_takes_memory_in_proportion_to_the_file()
    {
        foreach (string unit in (string[])["[", "{\"a\":", "\"\\ud800\",", "1,", "{},", "\"a\":1,", "null,"])
        {
            byte[] bytes = Encoding.UTF8.GetBytes("{\"mounts\":[" + string.Concat(Enumerable.Repeat(unit, 20_000)));
            Assert.True(Holds(bytes), unit);
        }
    }

    private static bool Holds(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var findings = SpecFiles.Read(bytes, out Config? config);
        if (config is not null)
        {
            var found = Validator.Validate(config);
            JsonLocation.Fill(bytes, found);
            Assert.All(found, static finding => Assert.True(finding.Line > 0));
        }
        Assert.Equal(config is null, findings.Count > 0);
        Assert.All(findings, static finding => Assert.False(finding.ToString().Contains('\n', StringComparison.Ordinal)));
        return GC.GetAllocatedBytesForCurrentThread() - before < 2_000_000 + 200L * bytes.Length;
    }

    private static int TrimmedLength(byte[] bytes) => bytes.AsSpan().TrimEnd((byte)'\n').Length;
}
