using System;
using Csrun.Spec;
using Xunit;

namespace Csrun.Tests.Unit;

public sealed class NumberListTests
{
    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("0", 1ul)]
    [InlineData("0-3,7", 0x8Ful)]
    [InlineData(" 1 - 2 , 4 ", 0x16ul)]
    [InlineData("63", 1ul << 63)]
    [InlineData("64", 0ul, 1ul)]
    public void A_list_is_a_mask(string list, params ulong[] expected) => Assert.Equal(expected, NumberList.ToMask(list));

    [Fact]
    public void No_list_is_an_empty_mask() => Assert.Empty(NumberList.ToMask(null));

    [Fact]
    public void The_largest_number_fits() => Assert.Equal((128, 1ul << 63), (NumberList.ToMask("8191").Length, NumberList.ToMask("8191")[127]));

    [Theory]
    [InlineData("a")]
    [InlineData("3-1")]
    [InlineData("0,,1")]
    [InlineData("8192")]
    [InlineData("-1")]
    public void What_is_no_list_is_refused(string list)
    {
        Assert.False(NumberList.IsValid(list));
        Assert.Throws<ArgumentException>(() => NumberList.ToMask(list));
    }
}
