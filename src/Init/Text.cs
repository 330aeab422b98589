namespace Csrun.Init;

/// <summary>NUL-terminated strings.</summary>
internal static unsafe class Text
{
    public static int Length(byte* text)
    {
        int length = 0;
        while (text[length] != 0)
            length++;
        return length;
    }

    public static bool Equal(byte* a, byte* b)
    {
        while (*a == *b)
        {
            if (*a == 0)
                return true;
            a++;
            b++;
        }
        return false;
    }

    public static bool StartsWith(byte* text, byte* prefix)
    {
        while (*prefix != 0)
        {
            if (*text++ != *prefix++)
                return false;
        }
        return true;
    }

    public static void Copy(byte* to, byte* from, int length)
    {
        for (int i = 0; i < length; i++)
            to[i] = from[i];
    }

    /// <summary>Writes a number in the base 8 or 10, with a NUL; returns how many digits.</summary>
    public static int Number(byte* to, ulong value, uint radix)
    {
        byte* digits = stackalloc byte[24];
        int count = 0;
        do
        {
            // Division by a constant needs no helper of a runtime.
            ulong rest = radix == 8 ? value / 8 : value / 10;
            digits[count++] = (byte)('0' + (value - rest * radix));
            value = rest;
        }
        while (value != 0);
        for (int i = 0; i < count; i++)
            to[i] = digits[count - 1 - i];
        to[count] = 0;
        return count;
    }
}
