using System;
using System.Collections;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Text;

namespace Csrun.Spec;

/// <summary>
/// An array of strings, kept as UTF-8 where they stand in the config. Kubernetes gives a container several variables for
/// every service of its namespace, thousands in all, of which none is needed as text.
/// </summary>
[CollectionBuilder(typeof(Utf8Texts), nameof(Create))]
public sealed class Utf8Texts : IReadOnlyList<string>
{
    private readonly ReadOnlyMemory<byte> _source;
    private readonly List<Place> _places;
    private readonly List<byte[]> _others;

    private Utf8Texts(ReadOnlyMemory<byte> source, List<Place> places, List<byte[]> others)
    {
        _source = source;
        _places = places;
        _others = others;
    }

    public int Count => _places.Count;

    /// <summary>Bytes of all of them.</summary>
    public long Length
    {
        get
        {
            long sum = 0;
            foreach (var place in _places)
                sum += place.Length;
            return sum;
        }
    }

    public string this[int index] => Encoding.UTF8.GetString(Bytes(index));

    /// <summary>Of texts.</summary>
    public static Utf8Texts Create(ReadOnlySpan<string> items)
    {
        var builder = new Builder(default);
        foreach (string item in items)
            builder.Add(item);
        return builder.Build();
    }

    public ReadOnlySpan<byte> Bytes(int index)
    {
        var place = _places[index];
        return place.Start < 0 ? _others[~place.Start] : _source.Span.Slice(place.Start, place.Length);
    }

    public IEnumerator<string> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Where a string stands in the source; of one that does not, the complement of its place among the others.</summary>
    private readonly record struct Place(int Start, int Length);

    /// <summary>Takes the strings one after the other.</summary>
    /// <param name="source">What most of them stand in.</param>
    internal readonly struct Builder(ReadOnlyMemory<byte> source)
    {
        private readonly ReadOnlyMemory<byte> _source = source;
        private readonly List<Place> _places = [];
        private readonly List<byte[]> _others = [];

        /// <summary>One that stands in the source.</summary>
        public void Add(int start, int length) => _places.Add(new Place(start, length));

        /// <summary>Any other: one that has escapes there.</summary>
        public void Add(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            _places.Add(new Place(~_others.Count, bytes.Length));
            _others.Add(bytes);
        }

        public Utf8Texts Build() => new(_source, _places, _others);
    }
}
