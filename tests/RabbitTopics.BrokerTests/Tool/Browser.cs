using Microsoft.Playwright;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Tool;

/// <summary>Debian's Chromium without a window, and one page in it. It has a profile of its own, which ends with it.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser, IPage page)
    {
        _playwright = playwright;
        _browser = browser;
        Page = page;
        page.Console += (_, message) => Note(message.Type is "error" or "warning", message.Text);
        page.PageError += (_, error) => Note(true, error);
    }

    public IPage Page { get; }

    /// <summary>What the browser complained about: errors of the script, and what the Content-Security-Policy refused.</summary>
    public List<string> Complaints { get; } = [];

    public static async Task<Browser> OpenAsync(BrowserNewContextOptions? options = null)
    {
        var chromium = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists);
        Assert.True(chromium is not null, "There is no chromium on the PATH. Run infra/browser/install.");
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = chromium,
            Args = ["--no-sandbox", "--disable-dev-shm-usage"], // Chromium's sandbox does not work for root.
            Timeout = (float)Wait.Stretch(TimeSpan.FromMinutes(2)).TotalMilliseconds,
        });
        var context = await browser.NewContextAsync(options);
        context.SetDefaultTimeout((float)Wait.Patience.TotalMilliseconds);
        Assertions.SetDefaultExpectTimeout((float)Wait.Patience.TotalMilliseconds);
        return new Browser(playwright, browser, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    private void Note(bool isComplaint, string text)
    {
        if (isComplaint)
        {
            lock (Complaints)
            {
                Complaints.Add(text);
            }
        }
    }
}
