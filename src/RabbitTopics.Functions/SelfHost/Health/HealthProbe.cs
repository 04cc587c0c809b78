using Microsoft.Extensions.Configuration;

namespace RabbitTopics.Functions.SelfHost.Health;

/// <summary>The program as the probe of another process of itself, for images that have no shell and no HTTP client:
/// <c>--health-probe</c>.</summary>
internal static class HealthProbe
{
    private const string Option = "--health-probe";

    /// <summary>Asks the app on this machine whether it is ready, and ends the program: exit code 0 for yes, 1 for no. Returns where the
    /// program was not started for that.</summary>
    public static void RunIfAsked(string[] args, IConfiguration configuration)
    {
        if (!args.Contains(Option))
        {
            return;
        }

        if (HealthEndpoint.Port(configuration) is not { } port)
        {
            Console.Error.WriteLine($"{Option} needs the port of the health endpoint, 1 to 65535, in the setting '{HealthEndpoint.PortSetting}'.");
            Environment.Exit(1);
            return;
        }

        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using var answer = client.Send(new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}{HealthEndpoint.ReadyPath}"));
            using var text = new StreamReader(answer.Content.ReadAsStream());
            Console.WriteLine(text.ReadToEnd().TrimEnd());
            Environment.Exit(answer.IsSuccessStatusCode ? 0 : 1);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            Console.Error.WriteLine($"The app does not answer at port {port}: {exception.Message}");
            Environment.Exit(1);
        }
    }
}
