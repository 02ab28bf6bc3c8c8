namespace ActorSync.Model;

/// <summary>The protocol's ordinal order: by the bytes of the UTF-8, which is the order of code points and SQLite's BINARY.</summary>
internal static class Utf8Order
{
    // UTF-16 order differs from it only where a surrogate meets U+E000..U+FFFF.
    public static int Compare(string left, string right)
    {
        var length = Math.Min(left.Length, right.Length);
        for (var i = 0; i < length; i++)
        {
            var (a, b) = (left[i], right[i]);
            if (a != b)
            {
                return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a).CompareTo(char.IsSurrogate(b));
            }
        }

        return left.Length.CompareTo(right.Length);
    }
}
