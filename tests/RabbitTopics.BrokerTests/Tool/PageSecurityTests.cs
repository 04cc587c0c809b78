using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Tool;

/// <summary>What the page of <c>rabbittopics ui</c> refuses.</summary>
public sealed class PageSecurityTests(SharedBroker broker)
{
    private const string Token = "0123456789abcdef0123";

    [Fact]
    public async Task Requests_of_other_sites_are_refused()
    {
        await using var page = await PageProcess.StartAsync(broker.Uri, "any");
        using var client = new HttpClient { BaseAddress = page.Address };

        Assert.Equal(HttpStatusCode.OK, await SendAsync(HttpMethod.Get, "/api/queues"));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(HttpMethod.Get, "/api/queues", ("Origin", page.Address.GetLeftPart(UriPartial.Authority)), ("Sec-Fetch-Site", "same-origin")));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(HttpMethod.Get, "/", ("Host", $"localhost:{page.Address.Port}")));
        foreach (var path in new[] { "/", "/page.js", "/api/queues" })
        {
            // A name of another site that was made to point to this machine ("DNS rebinding").
            Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Get, path, ("Host", "evil.example")));
            Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Get, path, ("Host", $"127.0.0.1.evil.example:{page.Address.Port}")));
            Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Get, path, ("Host", "10.0.0.1"))); // Only where it listens on more than loopback.
            Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Get, path, ("Origin", "http://evil.example")));
        }

        foreach (var origin in new[] { "null", "http://evil.example", $"http://evil.example:{page.Address.Port}", $"http://localhost:{page.Address.Port}", "http://127.0.0.1:1" })
        {
            Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Post, "/api/dead/delete", ("Origin", origin)));
        }

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Get, "/api/queues", ("Sec-Fetch-Site", "cross-site")));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Post, "/api/dead/delete", ("Sec-Fetch-Site", "same-site")));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, await SendAsync(HttpMethod.Post, "/api/dead/delete")); // A form needs no leave of the browser to be sent.

        async Task<HttpStatusCode> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(method, path);
            if (method == HttpMethod.Post)
            {
                request.Content = new StringContent("""{"queue":"any.dead","keys":[]}""", Encoding.UTF8, "text/plain");
            }

            foreach (var (name, value) in headers)
            {
                request.Headers.Add(name, value);
            }

            using var response = await client.SendAsync(request);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Every_answer_lets_only_the_pages_own_scripts_run()
    {
        await using var page = await PageProcess.StartAsync(broker.Uri, "any");
        using var client = new HttpClient { BaseAddress = page.Address };
        foreach (var path in new[] { "/", "/page.js", "/page.css", "/api/queues", "/api/dead?queue=no-such-queue", "/nothing" })
        {
            using var response = await client.GetAsync(path);
            var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.DoesNotContain(broker.Uri.UserInfo.Split(':')[^1] + "@", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        foreach (var file in new[] { "/", "/page.css", "/page.js" })
        {
            // No script, font or style of another host.
            Assert.DoesNotMatch("https?:(?!//www.w3.org/2000/svg)|src=\"//|@import", await client.GetStringAsync(file));
        }
    }

    [Fact]
    public async Task Beyond_loopback_nothing_is_shown_without_the_token()
    {
        await using var page = await PageProcess.StartAsync(broker.Uri, "any --listen 0.0.0.0");
        var made = page.Address.Query["?token=".Length..];
        Assert.Matches("^[0-9a-f]{32}$", made);
        var address = new UriBuilder(page.Address) { Host = "127.0.0.1", Query = "" }.Uri;
        await AssertNeedsTokenAsync(address, made);

        using var byAddress = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { Host = "10.0.0.1", Authorization = new AuthenticationHeaderValue("Bearer", made) } };
        using var client = new HttpClient();
        using var response = await client.SendAsync(byAddress);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Behind_a_proxy_nothing_is_shown_without_the_token()
    {
        await using var page = await PageProcess.StartAsync(broker.Uri, "any --host rabbit.example");
        var made = page.Address.Query["?token=".Length..];
        await AssertNeedsTokenAsync(new UriBuilder(page.Address) { Query = "" }.Uri, made);

        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, page.Address.GetLeftPart(UriPartial.Path)) { Headers = { Host = "rabbit.example", Authorization = new AuthenticationHeaderValue("Bearer", made) } };
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task On_loopback_a_token_that_is_set_is_needed_and_not_printed()
    {
        await using var page = await PageProcess.StartAsync(broker.Uri, "any", Token);
        Assert.DoesNotContain(Token, page.Output, StringComparison.Ordinal);
        await AssertNeedsTokenAsync(new UriBuilder(page.Address) { Query = "" }.Uri, Token);
    }

    [Fact]
    public async Task A_token_that_could_be_guessed_is_refused()
    {
        await using var tool = AppProcess.Start($"{Repository.Program("src/RabbitTopics.Tool")} ui any --port 0", new Dictionary<string, string?> { ["RabbitMQ"] = broker.Uri.OriginalString, ["RABBITTOPICS_UI_TOKEN"] = "short" });
        Assert.Equal(1, await tool.WaitForExitAsync());
        Assert.Contains("The token in RABBITTOPICS_UI_TOKEN is shorter than 16 characters.", tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_100_MB_is_refused_and_not_kept()
    {
        await using var page = await PageProcess.StartAsync(broker.Uri, "any");
        var head = $"POST /api/dead/replay HTTP/1.1\r\nHost: {page.Address.Authority}\r\nContent-Type: application/json\r\n";
        Assert.StartsWith("HTTP/1.1 413", await RawAsync(page.Address, $"{head}Content-Length: 104857600\r\n\r\n"), StringComparison.Ordinal);

        var before = Memory();
        Assert.StartsWith("HTTP/1.1 413", await RawAsync(page.Address, $"{head}Transfer-Encoding: chunked\r\n\r\n", Encoding.ASCII.GetBytes(new string(' ', 1600)), count: 65536), StringComparison.Ordinal);
        Assert.InRange(Memory() - before, long.MinValue, 50_000_000);

        long Memory()
        {
            using var process = Process.GetProcessById(page.ProcessId);
            return process.WorkingSet64;
        }
    }

    [Theory]
    [InlineData("/../../../../etc/passwd")]
    [InlineData("/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/..%2f..%2fetc%2fpasswd")]
    [InlineData("//etc/passwd")]
    [InlineData("/page.js/../../etc/passwd")]
    [InlineData("/appsettings.json")]
    [InlineData("/RabbitTopics.Tool.dll")]
    [InlineData("/page.js%00.txt")]
    public async Task A_path_leads_to_no_file(string path)
    {
        await using var page = await PageProcess.StartAsync(broker.Uri, "any");
        Assert.Matches("^HTTP/1.1 (400|404) ", await RawAsync(page.Address, $"GET {path} HTTP/1.1\r\nHost: {page.Address.Authority}\r\nConnection: close\r\n\r\n"));
    }

    private static async Task AssertNeedsTokenAsync(Uri address, string token)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false };
        using var client = new HttpClient(handler) { BaseAddress = address };
        foreach (var path in new[] { "/", "/page.js", "/api/queues", "/api/queues?token=" + token, "/?token=", "/?token=wrong" })
        {
            using var response = await client.GetAsync(path);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }

        using var entered = await client.GetAsync($"/?token={token}");
        Assert.Equal((HttpStatusCode.Redirect, "/"), (entered.StatusCode, entered.Headers.Location?.OriginalString));
        var cookie = Assert.Single(entered.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/queues") { Headers = { { "Cookie", cookie.Split(';')[0] } } };
        using var answered = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
    }

    /// <summary>Sends bytes as they are, then parts of a chunked body until the server takes no more, and reads what comes back.</summary>
    private static async Task<string> RawAsync(Uri address, string head, byte[]? part = null, int count = 0)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        var answer = ReadAsync();
        try
        {
            for (var sent = 0; sent < count && !answer.IsCompleted; sent++)
            {
                await stream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes($"{part!.Length:x}\r\n"), .. part, 13, 10]);
            }
        }
        catch (IOException)
        {
            // It has closed the connection.
        }

        return await answer;

        async Task<string> ReadAsync()
        {
            using var limit = new CancellationTokenSource(Wait.Patience);
            var buffer = new byte[4096];
            return Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, limit.Token));
        }
    }
}
