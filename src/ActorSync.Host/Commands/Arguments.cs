using System.CommandLine;

namespace ActorSync.Host.Commands;

/// <summary>Arguments and flags that several verbs share.</summary>
internal static class Arguments
{
    public static Argument<string> OperationId(string name = "ID")
    {
        var id = new Argument<string>(name) { Description = "An operation id, as enqueue and the lists print it" };
        RequireId(id);
        return id;
    }

    public static Argument<string?> OptionalOperationId()
    {
        var id = new Argument<string?>("ID") { Description = "An operation id", Arity = ArgumentArity.ZeroOrOne };
        RequireId(id);
        return id;
    }

    public static Option<string?> Hub(string description = "The hub's address")
    {
        var hub = new Option<string?>("--hub") { Description = description, HelpName = "URL" };
        hub.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: var text }])
            {
                try
                {
                    HubAddress.Parse("--hub", text);
                }
                catch (SyncException wrong)
                {
                    result.AddError(wrong.Message);
                }
            }
        });
        return hub;
    }

    public static Option<int> Limit(int standard) =>
        new("--limit")
        {
            Description = "How many at most",
            HelpName = "N",
            DefaultValueFactory = _ => standard,
        };

    public static Option<T> OneOf<T>(this Option<T> option, params string[] words)
    {
        option.HelpName = string.Join('|', words);
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !words.Contains(text, StringComparer.Ordinal))
            {
                result.AddError($"{option.Name}: '{text}' is none of {string.Join(", ", words)}");
            }
        });
        return option;
    }

    private static void RequireId(Argument id) =>
        id.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !Model.OperationId.TryParse(text, out _))
            {
                result.AddError(
                    $"{id.Name}: '{text}' is no operation id; it has 36 characters, such as 01890a5d-ac96-774b-bcce-b302099a8057"
                );
            }
        });
}
