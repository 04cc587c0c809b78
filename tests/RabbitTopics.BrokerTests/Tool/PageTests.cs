using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Playwright;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;
using static Microsoft.Playwright.Assertions;

namespace RabbitTopics.BrokerTests.Tool;

/// <summary>The page of <c>rabbittopics ui</c> in a real browser.</summary>
public sealed class PageTests(SharedBroker shared)
{
    private const string Script = """{"note":"<script>document.title='taken over'</script><img src=x onerror=alert(1)>"}""";

    [Fact]
    public async Task An_operator_sees_rates_rise_finds_a_dead_letter_shows_it_and_replays_it()
    {
        await using var broker = await PrivateBroker.StartNewAsync(withManagement: true);
        await using var library = await Library.OnAsync(broker.Uri);
        var isMended = false;
        var handled = new ConcurrentQueue<string>();
        await using var consumer = library.Consumer((delivery, _) =>
        {
            var body = Encoding.UTF8.GetString(delivery.Message.Body.Span);
            if (body == Script && !Volatile.Read(ref isMended))
            {
                throw new FormatException("The note of the order is too long: <b>");
            }

            handled.Enqueue(body);
            return ValueTask.CompletedTask;
        }, new HandlerOptions { OnError = { MaxAttempts = 2, Delays = [TimeSpan.FromMilliseconds(100)] } }, "orders");
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, "orders");
        await using var process = await PageProcess.StartAsync(broker.Uri, $"--management {broker.Management}");
        await using var browser = await Browser.OpenAsync(new() { ViewportSize = new() { Width = 1000, Height = 900 } });
        var page = browser.Page;
        await page.GotoAsync(process.Address.AbsoluteUri);

        // All queues are listed, those beside a queue in its row.
        var row = page.Locator("tr[data-queue=orders]");
        await Expect(row.Locator("td[data-label='Consumers']")).ToHaveTextAsync("1");
        await Expect(page.Locator("#queues tbody tr")).ToHaveCountAsync(1);
        Assert.Equal((0, 0), (await RateAsync(row, "In/s"), await RateAsync(row, "Out/s")));

        using (var enough = new CancellationTokenSource())
        {
            var sending = SendAsync(library, enough.Token);
            await Wait.UntilAsync(async () => await RateAsync(row, "In/s") > 1 && await RateAsync(row, "Out/s") > 1, "the rates to rise", TimeSpan.FromMinutes(2));
            await enough.CancelAsync();
            await sending;
        }

        await Expect(row.GetByRole(AriaRole.Img)).ToHaveAttributeAsync("aria-label", new System.Text.RegularExpressions.Regex("messages a second in, .* out"));
        var heights = (await row.Locator("polyline.in").GetAttributeAsync("points"))!.Split(' ').Select(point => point.Split(',')[1]).Distinct();
        Assert.True(heights.Count() > 1, "The chart shows the rise.");

        await library.SendAsync(Script, "orders");
        var parked = row.Locator("td[data-label='Parked'] button");
        await Expect(parked).ToHaveTextAsync("1");
        await parked.ClickAsync();
        await Expect(page.Locator("#dead-title")).ToHaveTextAsync("Dead letters in orders.dead");
        await Expect(page.Locator("#groups > details > summary")).ToHaveTextAsync("1 × System.FormatException: The note of the order is too long: <b>");
        await page.Locator("details.letter > summary").ClickAsync();
        await Expect(page.Locator(".letter pre.body")).ToHaveTextAsync("""
            {
              "note": "<script>document.title='taken over'</script><img src=x onerror=alert(1)>"
            }
            """.ReplaceLineEndings("\n"), new() { UseInnerText = true });
        await Expect(page.Locator(".letter ol li").Last).ToContainTextAsync("Parked after 2 attempt(s) of Test: max-attempts");
        await Expect(page.Locator(".letter pre").First).ToContainTextAsync("   at RabbitTopics.");
        await Expect(page.Locator(".letter dt").Filter(new() { HasText = HeaderNames.ExceptionType })).ToHaveCountAsync(1);
        Assert.Equal((1, 0), (await page.Locator("script").CountAsync(), await page.Locator("img").CountAsync()));
        await TakeScreenshotAsync(page);

        Volatile.Write(ref isMended, true);
        await page.Locator(".letter").GetByRole(AriaRole.Button, new() { Name = "Replay …", Exact = true }).ClickAsync();
        await Expect(page.Locator("#question-title")).ToHaveTextAsync("Replay 1 message(s)?");
        await Expect(page.Locator("#question-targets")).ToHaveTextAsync("1 to queue 'orders'");
        Assert.DoesNotContain(Script, handled); // It was only asked.
        await page.Locator("#question-yes").ClickAsync();
        await Expect(page.Locator("#outcome")).ToHaveTextAsync("Replay: 1 message(s) of 1.");
        await Wait.UntilAsync(() => handled.Contains(Script), "the replayed message");
        await Expect(page.Locator("#groups")).ToHaveTextAsync("There is none to be had now.");
        Assert.Equal("RabbitTopics", await page.TitleAsync());
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task All_of_it_is_reached_by_keyboard_on_a_narrow_screen_in_the_dark()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        var dead = await library.DeclareQueuesAsync();

        foreach (var number in new[] { 1, 2 })
        {
            await library.Channel.BasicPublishAsync("", dead, mandatory: true, new BasicProperties
            {
                MessageId = $"m-{number}",
                Headers = new Dictionary<string, object?> { [HeaderNames.OriginalQueue] = library.Queue, [HeaderNames.DeadLetterReason] = DeadLetterReasons.Poison },
            }, new byte[] { 0xff, 0x00, 0x41 });
        }

        await using var process = await PageProcess.StartAsync(shared.Uri, library.Queue);
        await using var browser = await Browser.OpenAsync(new() { ViewportSize = new() { Width = 320, Height = 640 }, ColorScheme = ColorScheme.Dark });
        var page = browser.Page;
        await page.GotoAsync(process.Address.AbsoluteUri);
        await Expect(page.Locator("td[data-label='Parked'] button")).ToHaveTextAsync("2");

        await PressAsync(page, "Show 2 dead letters of");
        await Expect(page.Locator("#dead-title")).ToBeFocusedAsync();
        await Expect(page.Locator("#groups > details > summary")).ToHaveTextAsync("2 × poison");
        await PressAsync(page, "m-1");
        await Expect(page.Locator(".letter pre.body")).ToContainTextAsync("00000000  ff 00 41");
        Assert.Equal("", string.Join("\n", await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('body *')].filter(element => element.getBoundingClientRect().left + element.scrollWidth > innerWidth && getComputedStyle(element).overflow === 'visible').map(element => element.outerHTML.slice(0, 80)).reverse()")));
        Assert.Equal("rgb(18, 23, 31)", await page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor"));

        await PressAsync(page, "Delete …");
        await PressAsync(page, "Cancel");
        Assert.Equal(2u, await Client.CountAsync(shared.Uri, dead));
        await page.EvaluateAsync("() => document.querySelector('.letter').open = true");
        await PressAsync(page, "Delete …");
        await PressAsync(page, "Delete 1");
        await Expect(page.Locator("#outcome")).ToHaveTextAsync("Delete: 1 message(s) of 1.");
        await Expect(page.Locator("#groups > details > summary")).ToHaveTextAsync("1 × poison");
        Assert.Equal(1u, await Client.CountAsync(shared.Uri, dead));
        Assert.Empty(browser.Complaints);
    }

    private static async Task SendAsync(Library library, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            await library.SendAsync("""{"note":"short"}""", "orders");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    private static async Task<double> RateAsync(ILocator row, string label) => double.Parse(await row.Locator($"td[data-label='{label}']").InnerTextAsync(), CultureInfo.InvariantCulture);

    /// <summary>Goes on with the tabulator key until something of a name has the focus, and presses Enter.</summary>
    private static async Task PressAsync(IPage page, string name)
    {
        for (var presses = 0; presses < 60; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            if ((await page.EvaluateAsync<string>("() => (document.activeElement.ariaLabel ?? '') + document.activeElement.textContent")).Contains(name, StringComparison.Ordinal)
                && await page.EvaluateAsync<bool>("() => ['BUTTON', 'SUMMARY'].includes(document.activeElement.tagName)"))
            {
                await page.Keyboard.PressAsync("Enter");
                return;
            }
        }

        Assert.Fail($"The tabulator key does not lead to '{name}'.");
    }

    /// <summary>The picture of docs/operating.md. To renew it: RABBITTOPICS_RENEW_PICTURES=1.</summary>
    private static async Task TakeScreenshotAsync(IPage page) => await page.ScreenshotAsync(new()
    {
        Path = Path.Combine(Repository.Root, Environment.GetEnvironmentVariable("RABBITTOPICS_RENEW_PICTURES") is null ? "artifacts" : "docs", "pictures", "page.png"),
    });
}
