using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace RabbitTopics.Tool.Page;

/// <summary>Lets through what comes from the page itself, and refuses what another site's page, or a stranger, sends.</summary>
internal sealed class PageGuard
{
    /// <summary>The environment variable that holds the token; where it is set, a page on loopback needs it, too.</summary>
    public const string TokenSetting = "RABBITTOPICS_UI_TOKEN";

    private const int ShortestToken = 16;
    private const string TokenParameter = "token";

    private const string OtherSite = "Requests of another site's page are refused.";

    /// <summary>Only this server's own scripts and styles run, and nothing is sent elsewhere or shown within another site's page.</summary>
    private const string ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private readonly HashSet<string> _hosts;
    private readonly bool _takesAnyAddress;
    private readonly string? _token;
    private readonly bool _isTokenGiven;

    private PageGuard(IEnumerable<string> hosts, bool takesAnyAddress, string? token, bool isTokenGiven)
    {
        _hosts = new HashSet<string>(hosts, StringComparer.OrdinalIgnoreCase) { "localhost", "127.0.0.1", "[::1]", Environment.MachineName };
        _takesAnyAddress = takesAnyAddress;
        _token = token;
        _isTokenGiven = isTokenGiven;
    }

    /// <summary>The guard of a page that listens on an address. It needs a token where others than this machine's users may reach it: beyond loopback, and behind the
    /// proxy for which a further name is given.</summary>
    /// <exception cref="ArgumentException">The token is too short.</exception>
    public static PageGuard For(IPAddress listen, string[] hosts)
    {
        var isLoopback = IPAddress.IsLoopback(listen);
        var given = Environment.GetEnvironmentVariable(TokenSetting) is { Length: > 0 } text ? text : null;
        var token = given ?? (isLoopback && hosts.Length == 0 ? null : RandomNumberGenerator.GetHexString(32, lowercase: true));
        return token is { Length: < ShortestToken }
            ? throw new ArgumentException($"The token in {TokenSetting} is shorter than {ShortestToken} characters. Set a longer one, as 'openssl rand -hex 16' makes it.")
            : new PageGuard([.. hosts, listen.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{listen}]" : $"{listen}"], takesAnyAddress: !isLoopback, token, given is not null);
    }

    /// <summary>The address to open. It has the token only if that was made here.</summary>
    public string Address(Uri server)
    {
        var isEveryAddress = IPAddress.TryParse(server.Host, out var listen) && (listen.Equals(IPAddress.Any) || listen.Equals(IPAddress.IPv6Any));
        var address = isEveryAddress ? new UriBuilder(server) { Host = Environment.MachineName }.Uri : server;
        return _token is null ? address.AbsoluteUri
            : _isTokenGiven ? $"{address}?{TokenParameter}=… (the token is that of {TokenSetting})"
            : $"{address}?{TokenParameter}={_token}";
    }

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        if (Refusal(context.Request) is { } refusal)
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, refusal);
        }
        else if (_token is null || IsToken(Given(context.Request)))
        {
            await next(context);
        }
        else if (context.Request.Path == "/" && IsToken(context.Request.Query[TokenParameter]))
        {
            // From here on a cookie has it, so that it is in no address that is kept or shown.
            context.Response.Cookies.Append(Cookie(context.Request), _token, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax }); // Not Strict: a link from elsewhere is to open the page.
            context.Response.Redirect("/");
        }
        else
        {
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "This page needs its token: open the address that 'rabbittopics ui' has printed, or send the token as 'Authorization: Bearer'.");
        }
    }

    /// <summary>Why a request is not the page's own; null where it may be.</summary>
    private string? Refusal(HttpRequest request)
    {
        // A site whose name was made to point here ("DNS rebinding") sends its own name.
        if (!_hosts.Contains(request.Host.Host) && !(_takesAnyAddress && IPAddress.TryParse(request.Host.Host, out _)))
        {
            return "This page is not known by that name. Name it by --host NAME.";
        }

        // Behind a proxy that speaks TLS the scheme differs.
        if (request.Headers.Origin is { Count: > 0 } origin && !(Uri.TryCreate(origin, UriKind.Absolute, out var site) && site.Authority.Equals(Authority(request), StringComparison.OrdinalIgnoreCase)))
        {
            return OtherSite;
        }

        return request.Path.StartsWithSegments("/api") && request.Headers["Sec-Fetch-Site"] is [{ } from] && from is not ("same-origin" or "none")
            ? OtherSite
            : null;
    }

    /// <summary>The host and port as <see cref="Uri.Authority"/> has them.</summary>
    private static string Authority(HttpRequest request) => Uri.TryCreate($"{request.Scheme}://{request.Host}", UriKind.Absolute, out var own) ? own.Authority : "";

    private static string? Given(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..] : request.Cookies[Cookie(request)];

    /// <summary>Browsers do not tell the cookies of ports apart.</summary>
    private static string Cookie(HttpRequest request) => $"rabbittopics-{request.Host.Port}";

    private bool IsToken(string? text) => text is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(_token!));

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return context.Response.WriteAsync($"{why}\n");
    }
}
