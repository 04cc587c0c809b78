using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RabbitTopics.Connections;

namespace RabbitTopics.Tool;

/// <summary>The broker's management API (https://www.rabbitmq.com/docs/management#http-api). It knows what AMQP has no question for: all queues, their rates and their
/// bindings. The user is that of the broker's URI.</summary>
internal sealed class ManagementApi : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly HttpClient _client;
    private readonly string _virtualHost;

    public ManagementApi(Uri address, BrokerEndpoint broker)
    {
        _virtualHost = Uri.EscapeDataString(broker.VirtualHost);
        _client = new HttpClient { BaseAddress = address, Timeout = Patience };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{broker.UserName}:{broker.Password}")));
    }

    public static Option<Uri?> Address { get; } = new("--management")
    {
        Description = "The address of the broker's management API, as http://127.0.0.1:15672: for what AMQP does not tell, which is all queues, their rates and their bindings. The user is that of the broker's URI.",
        Recursive = true,
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value.TrimEnd('/') + "/", UriKind.Absolute, out var address) && address is { Scheme: "http" or "https", UserInfo: "" })
            {
                return address;
            }

            result.AddError("The address of --management is no http or https address without a user. Write it as http://127.0.0.1:15672.");
            return null;
        },
    };

    /// <summary>All queues of the virtual host. Their figures are up to some seconds old.</summary>
    public async Task<IReadOnlyList<Queue>> QueuesAsync(CancellationToken cancellationToken)
    {
        const string columns = "name,messages,consumers,message_stats.publish_details.rate,message_stats.ack_details.rate,message_stats.deliver_no_ack_details.rate";
        var queues = await GetAsync<QueueAnswer[]>($"api/queues/{_virtualHost}?columns={columns}", cancellationToken);
        return [.. queues.Select(queue => new Queue(queue.Name, queue.Messages, queue.Consumers, queue.MessageStats?.PublishDetails?.Rate ?? 0,
            (queue.MessageStats?.AckDetails?.Rate ?? 0) + (queue.MessageStats?.DeliverNoAckDetails?.Rate ?? 0)))];
    }

    /// <summary>What routes messages to a queue, but for the default exchange.</summary>
    public async Task<IReadOnlyList<Binding>> BindingsAsync(string queue, CancellationToken cancellationToken) =>
        [.. (await GetAsync<BindingAnswer[]>($"api/queues/{_virtualHost}/{Uri.EscapeDataString(queue)}/bindings", cancellationToken))
            .Where(binding => binding.Source.Length > 0).Select(binding => new Binding(binding.Source, binding.RoutingKey))];

    public void Dispose() => _client.Dispose();

    private async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _client.GetAsync(path, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"The management API at {_client.BaseAddress} answers {(int)response.StatusCode}: " + response.StatusCode switch
                {
                    HttpStatusCode.Unauthorized => "it does not take the user of the broker's URI. Give that user the tag 'management' (rabbitmqctl set_user_tags USER management).",
                    HttpStatusCode.NotFound => "there is no such virtual host or queue, or it is another server's address.",
                    _ => response.ReasonPhrase,
                });
            }

            return await response.Content.ReadFromJsonAsync<T>(Names, cancellationToken) ?? throw new JsonException();
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"The management API at {_client.BaseAddress} does not answer as one does: {(exception is OperationCanceledException ? $"nothing came within {Patience.TotalSeconds} s" : exception.Message)}", exception);
        }
    }

    /// <summary>A queue. The rates are messages a second. Null is what the broker does not say, as of a queue whose node is down.</summary>
    internal sealed record Queue(string Name, long? Messages, long? Consumers, double In, double Out);

    internal sealed record Binding(string Exchange, string RoutingKey);

    private sealed record QueueAnswer(string Name, long? Messages, long? Consumers, Statistics? MessageStats);

    private sealed record Statistics(Details? PublishDetails, Details? AckDetails, Details? DeliverNoAckDetails);

    private sealed record Details(double Rate);

    private sealed record BindingAnswer(string Source, string RoutingKey);
}
