using System;
using System.Collections;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Text;

namespace Csrun.Spec;

/// <summary>
/// An array of strings as the kernel takes them: UTF-8, one behind the other, each with a NUL behind it. Kubernetes gives a
/// container several variables for every service of its namespace, thousands in all, of which none is needed as text.
/// </summary>
[CollectionBuilder(typeof(Utf8Texts), nameof(Create))]
public sealed class Utf8Texts : IReadOnlyList<string>
{
    private readonly byte[] _bytes;
    private readonly List<int> _ends;

    private Utf8Texts(byte[] bytes, List<int> ends)
    {
        _bytes = bytes;
        _ends = ends;
    }

    public int Count => _ends.Count;

    /// <summary>Bytes of all of them, with their NULs.</summary>
    public int Length => Count == 0 ? 0 : _ends[^1];

    public string this[int index] => Encoding.UTF8.GetString(Bytes(index));

    /// <summary>Of texts.</summary>
    public static Utf8Texts Create(ReadOnlySpan<string> items)
    {
        int length = 0;
        foreach (string item in items)
            length += Encoding.UTF8.GetByteCount(item) + 1;
        var builder = new Builder(length);
        foreach (string item in items)
            builder.Add(Encoding.UTF8.GetBytes(item));
        return builder.Build();
    }

    /// <summary>A string without its NUL.</summary>
    public ReadOnlySpan<byte> Bytes(int index)
    {
        int start = index == 0 ? 0 : _ends[index - 1];
        return _bytes.AsSpan(start, _ends[index] - start - 1);
    }

    public IEnumerator<string> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Takes the strings one after the other.</summary>
    /// <param name="most">As many bytes as all of them have at most, with a NUL for each.</param>
    internal readonly struct Builder(int most)
    {
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(most);
        private readonly List<int> _ends = [];

        public void Add(ReadOnlySpan<byte> item)
        {
            int start = _ends.Count == 0 ? 0 : _ends[^1];
            item.CopyTo(_bytes.AsSpan(start));
            _bytes[start + item.Length] = 0;
            _ends.Add(start + item.Length + 1);
        }

        public Utf8Texts Build() => new(_bytes, _ends);
    }
}
