using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using Spectre.Console;

namespace RabbitTopics.Tool;

/// <summary>The connection to the broker for one command.</summary>
internal sealed class Session : IAsyncDisposable
{
    /// <summary>How long it may take to connect.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How long a message may take to be confirmed: the tool is for brokers at their limits, too.</summary>
    private static readonly TimeSpan PublishTimeout = TimeSpan.FromMinutes(1);

    /// <summary>How long the broker may be away while the page is open.</summary>
    private static readonly TimeSpan PatienceOfPage = TimeSpan.FromSeconds(10);

    private readonly ServiceProvider _services;

    private Session(ServiceProvider services, Broker broker, Uri? management) =>
        (_services, Broker, Management) = (services, broker, management is null ? null : new ManagementApi(management, broker.Endpoint));

    public static Option<string> Setting { get; } = new("--setting")
    {
        Description = "The setting that holds the broker's URI, in the environment or under Values in local.settings.json of this folder.",
        DefaultValueFactory = _ => "RabbitMQ",
        Recursive = true,
    };

    public Broker Broker { get; }

    /// <summary>The broker's management API; null where its address was not given.</summary>
    public ManagementApi? Management { get; }

    public RabbitTopicsOptions Options => _services.GetRequiredService<IOptions<RabbitTopicsOptions>>().Value;

    public ITopicPublisher Publisher => _services.GetRequiredService<ITopicPublisher>();

    public IDeadLetters DeadLetters => _services.GetRequiredService<IDeadLetters>();

    /// <summary>Runs a command that needs the broker; what goes wrong is one line at standard error.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(ParseResult parsed, Func<Session, Task<int>> run, CancellationToken cancellationToken)
    {
        try
        {
            await using var session = await OpenAsync(parsed.GetValue(Setting)!, parsed.GetValue(ManagementApi.Address), cancellationToken);
            return await run(session);
        }
        catch (Exception exception) when (IsExpected(exception))
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped.");
            return 1;
        }
    }

    /// <summary>Whether an error is the broker's or the user's, so that its message is all there is to say.</summary>
    public static bool IsExpected(Exception exception) =>
        exception is not OperationCanceledException && (BrokerFault.Is(exception)
            || exception is BrokerSettingException or TopicPublishException or InvalidOperationException or ArgumentException or InvalidDataException);

    /// <summary>Waits until the broker can be asked something by the page.</summary>
    /// <exception cref="InvalidOperationException">It was not to be reached in time.</exception>
    public Task WaitForBrokerAsync(CancellationToken cancellationToken) => WaitForBrokerAsync(PatienceOfPage, cancellationToken);

    private async Task WaitForBrokerAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            await Broker.Consuming.GetOpenAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"The broker at {Broker.Endpoint} was not to be reached within {patience.TotalSeconds} s.");
        }
    }

    /// <summary>Asks, where there is somebody to ask; else <c>--yes</c> is needed.</summary>
    public static bool IsConfirmed(bool isGiven, string question) =>
        isGiven || (!Console.IsInputRedirected && AnsiConsole.Profile.Capabilities.Interactive && AnsiConsole.Confirm(question, defaultValue: false));

    public ValueTask DisposeAsync()
    {
        Management?.Dispose();
        return _services.DisposeAsync();
    }

    private static async Task<Session> OpenAsync(string setting, Uri? management, CancellationToken cancellationToken)
    {
        var local = new ConfigurationBuilder().AddJsonFile(Path.Combine(Environment.CurrentDirectory, "local.settings.json"), optional: true).Build();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(local.GetSection("Values").GetChildren().Select(value => KeyValuePair.Create(value.Key, value.Value)))
            .AddEnvironmentVariables().Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration)
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(console => console.SingleLine = true)
                .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace))
            .AddRabbitTopics();
        services.Configure<RabbitTopicsOptions>(options => (options.ConnectionStringSetting, options.Topology, options.PublishTimeout) = (setting, TopologyMode.Declare, PublishTimeout));
        var provider = services.BuildServiceProvider();
        try
        {
            var broker = provider.GetRequiredService<AppBrokers>().Get(setting);
            var session = new Session(provider, broker, management);
            await session.WaitForBrokerAsync(Patience, cancellationToken);
            return session;
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }
}
