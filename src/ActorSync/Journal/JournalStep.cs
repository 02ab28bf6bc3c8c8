namespace ActorSync.Journal;

/// <summary>Long work of the journal goes in steps; between two of them other messages are served.</summary>
internal enum JournalStep
{
    More,
}
