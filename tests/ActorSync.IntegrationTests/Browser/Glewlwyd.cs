using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Shouldly;

namespace ActorSync.IntegrationTests.Browser;

/// <summary>An OpenID provider that we did not write, on loopback, with one user and one public client.</summary>
internal sealed class Glewlwyd : IAsyncDisposable
{
    public const string Path = "/usr/bin/glewlwyd";
    public const string Client = "actorsync";
    private const string Schema = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3";
    private const string User = "ada";
    private const string Password = "correct horse battery";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorsync-openid-");
    private readonly HttpClient _admin;
    private readonly Process _process;

    private Glewlwyd(int port)
    {
        Address = new Uri($"http://127.0.0.1:{port}/api/");
        _admin = Agent();
        MakeDatabase();
        File.WriteAllText(In("provider.conf"), Configuration(port));
        _process = Process.Start(
            new ProcessStartInfo(Path, [$"--config-file={In("provider.conf")}"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Uri Address { get; }

    public Uri Authorize => new(Address, "oidc/auth");

    public Uri Token => new(Address, "oidc/token");

    public static async Task<Glewlwyd> StartAsync()
    {
        var provider = new Glewlwyd(FreePort());
        try
        {
            await provider.SignInAsync(provider._admin, "admin", "password");
            await provider.AddAsync("mod/plugin/", Plugin(provider.Address));
            await provider.AddAsync(
                "user/",
                new
                {
                    username = User,
                    name = "Ada",
                    password = Password,
                    scope = new[] { "g_profile", "openid" },
                    enabled = true,
                }
            );
            return provider;
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the client known, with this one address to return to.</summary>
    public Task RegisterAsync(Uri redirect) => AddAsync("client/", PublicClient(redirect));

    /// <summary>Changes the address to return to: the port of a loopback sign-in is new each time.</summary>
    public async Task ReturnToAsync(Uri redirect)
    {
        using var answer = await _admin.PutAsJsonAsync(new Uri(Address, $"client/{Client}"), PublicClient(redirect));
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
    }

    /// <summary>A browser in which the user has signed in and allowed the client; it stops at each redirect.</summary>
    public async Task<HttpClient> SignedInBrowserAsync()
    {
        var browser = Agent();
        await SignInAsync(browser, User, Password);
        (await browser.PutAsJsonAsync(new Uri(Address, $"auth/grant/{Client}"), new { scope = "openid" })).EnsureSuccessStatusCode();
        return browser;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _admin.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task SignInAsync(HttpClient agent, string user, string password)
    {
        // Up within a second or two; until then nobody listens.
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                (await agent.PostAsJsonAsync(new Uri(Address, "auth/"), new { username = user, password })).EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException refused) when (refused.HttpRequestError == HttpRequestError.ConnectionError && attempt < 300)
            {
                _process.HasExited.ShouldBeFalse("the provider did not come up");
                using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
                await pause.WaitForNextTickAsync();
            }
        }
    }

    private async Task AddAsync(string path, object what)
    {
        using var answer = await _admin.PostAsJsonAsync(new Uri(Address, path), what);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
    }

    private void MakeDatabase()
    {
        using var database = new SqliteConnection($"Data Source={In("provider.db")};Pooling=False");
        database.Open();
        using var script = database.CreateCommand();
        script.CommandText = File.ReadAllText(Schema);
        script.ExecuteNonQuery();
    }

    private string In(string name) => System.IO.Path.Combine(_folder.FullName, name);

    private string Configuration(int port) =>
        $$"""
            port={{port}}
            bind_address="127.0.0.1"
            external_url="http://127.0.0.1:{{port}}"
            login_url="login.html"
            api_prefix="api"
            log_mode="console"
            log_level="WARNING"
            cookie_secure=0
            session_expiration=3600
            session_key="SESSION"
            admin_scope="g_admin"
            profile_scope="g_profile"
            user_module_path="/usr/lib/glewlwyd/user"
            user_middleware_module_path="/usr/lib/glewlwyd/user_middleware"
            client_module_path="/usr/lib/glewlwyd/client"
            user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
            plugin_module_path="/usr/lib/glewlwyd/plugin"
            use_secure_connection=false
            secure_connection_key_file="/none"
            secure_connection_pem_file="/none"
            secure_connection_ca_file="/none"
            hash_algorithm="SHA512"
            database = { type = "sqlite3"; path = "{{In("provider.db")}}"; };
            """;

    private static object PublicClient(Uri redirect) =>
        new
        {
            client_id = Client,
            name = "ActorSync",
            confidential = false,
            enabled = true,
            authorization_type = new[] { "code", "refresh_token" },
            redirect_uri = new[] { redirect.AbsoluteUri },
            scope = Array.Empty<string>(),
            token_endpoint_auth_method = new[] { "none" },
        };

    private static object Plugin(Uri address) =>
        new
        {
            module = "oidc",
            name = "oidc",
            display_name = "OpenID Connect",
            parameters = new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["iss"] = new Uri(address, "oidc").AbsoluteUri,
                ["jwt-type"] = "sha",
                ["jwt-key-size"] = "256",
                ["key"] = Guid.NewGuid().ToString("N"),
                ["access-token-duration"] = 3600,
                ["refresh-token-duration"] = 86400,
                ["code-duration"] = 60,
                ["refresh-token-rolling"] = true,
                ["refresh-token-one-use"] = "never",
                ["allow-non-oidc"] = true,
                ["auth-type-code-enabled"] = true,
                ["auth-type-id-token-enabled"] = true,
                ["auth-type-refresh-enabled"] = true,
                ["auth-type-client-enabled"] = false,
                ["auth-type-token-enabled"] = false,
                ["auth-type-none-enabled"] = false,
                ["auth-type-password-enabled"] = false,
                ["subject-type"] = "public",
                ["pkce-allowed"] = true,
                ["pkce-required"] = true,
                ["pkce-method-plain-allowed"] = false,
                ["address-claim"] = new { type = "no" },
                ["name-claim"] = "no",
                ["email-claim"] = "no",
                ["scope-claim"] = "no",
            },
        };

    private static HttpClient Agent() =>
        new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseProxy = false,
                CookieContainer = new CookieContainer(),
            }
        );

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
