using System.Text.Encodings.Web;

namespace ActorSync.Hub.Http;

/// <summary>The pages that a person sees while signing in. No script, no style, nothing from elsewhere; what comes from outside is escaped.</summary>
internal static class AuthorizePage
{
    /// <param name="status">Of the answer.</param>
    /// <param name="ticket">Goes back with the form.</param>
    /// <param name="redirectUri">Where the answer to the form leads; a browser asks the page's policy about that, too.</param>
    /// <param name="fault">What was wrong with the last try.</param>
    public static HubAnswer Form(int status, string ticket, string redirectUri, string? fault = null)
    {
        var alert = fault is null ? "" : $"<p role=\"alert\">{Text(fault)}</p>";
        return Page(
            status,
            $"""
            <h1>Sign in</h1>
            <p>A program on this computer opened this page to sign in to this hub. If you did not start that, close the page.</p>
            {alert}
            <form method="post" action="/authorize">
            <input type="hidden" name="ticket" value="{Text(ticket)}">
            <p><label for="code">Sign-in code, as the hub's operator or another device of yours shows it</label></p>
            <p><input id="code" name="code" required maxlength="16" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" autofocus></p>
            <p><button type="submit">Sign in</button></p>
            </form>
            """,
            $"'self' {Source(redirectUri)}"
        );
    }

    public static HubAnswer Fault(int status, string message) =>
        Page(status, $"<h1>This does not work</h1>\n<p role=\"alert\">{Text(message)}</p>", "'none'");

    public static HubAnswer Secured(HubAnswer answer, string formAction) =>
        answer
            .With("Content-Security-Policy", $"default-src 'none'; form-action {formAction}; frame-ancestors 'none'; base-uri 'none'")
            .With("X-Frame-Options", "DENY")
            .With("X-Content-Type-Options", "nosniff")
            .With("Referrer-Policy", "no-referrer");

    private static HubAnswer Page(int status, string content, string formAction) =>
        Secured(
            HubAnswer.Html(
                status,
                $"""
                <!doctype html>
                <html lang="en">
                <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in</title></head>
                <body>
                <main>
                {content}
                </main>
                </body>
                </html>

                """
            ),
            formAction
        );

    // A policy cannot name an IPv6 address.
    private static string Source(string redirectUri)
    {
        var uri = new Uri(redirectUri);
        return uri.HostNameType == UriHostNameType.IPv6 ? "http:" : uri.GetLeftPart(UriPartial.Authority);
    }

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}
