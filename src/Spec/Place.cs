namespace Csrun.Spec;

/// <summary>
/// Where a rule looks, as a JSON path that is put together only if there is something to tell: a right config costs no
/// string.
/// </summary>
/// <param name="Path">The beginning: all of it, or up to a list. A last dot is part of it.</param>
/// <param name="Index">The item of that list; -1 if it is none.</param>
/// <param name="Member">The member of what the rest leads to; null for that itself.</param>
internal readonly record struct Place(string Path, int Index, string? Member)
{
    public static implicit operator Place(string path) => new(path, -1, null);

    /// <summary>A member of this place.</summary>
    public static Place operator +(Place place, string member) =>
        new(place.Member is null ? place.Path : place.ToString(), place.Member is null ? place.Index : -1, member);

    public override string ToString()
    {
        string item = Index < 0 ? Path : Show.At(Path, Index);
        if (Member is null)
            return item;
        return item.Length == 0 || item[^1] == '.' ? item + Member : $"{item}.{Member}";
    }

    /// <summary>An item of a list.</summary>
    public static Place Item(string list, int index) => new(list, index, null);

    /// <summary>An item of the list that is here.</summary>
    public Place At(int index) => Item(ToString(), index);
}
