using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using RabbitTopics.HostExtension.V1;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Calls our extension in the Functions host that has started this process.</summary>
internal sealed partial class SettlementClient(IConfiguration configuration, ILogger<SettlementClient> logger) : IDisposable
{
    /// <summary>The extension has the answer at once; the host may be busy.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The extension waits 10 s for the broker.</summary>
    private static readonly TimeSpan SettlePatience = TimeSpan.FromSeconds(10) + Patience;

    private readonly Lazy<GrpcChannel> _channel = new(() => GrpcChannel.ForAddress(configuration["Functions:Worker:HostEndpoint"]
        ?? throw new InvalidOperationException("No Functions host has started this app (--functions-uri), and its messages cannot be settled there.")));

    /// <summary>Settles a delivery.</summary>
    /// <exception cref="InvalidOperationException">It is settled already, or its invocation has ended.</exception>
    /// <exception cref="TopicPublishException">The broker did not take the copy, and the message is not settled; or the host did not answer, and it may be settled or not.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; it may be settled or not.</exception>
    public async Task SettleAsync(SettleRequest request, string queue, CancellationToken cancellationToken)
    {
        try
        {
            await Calls.SettleAsync(request, deadline: DateTime.UtcNow + SettlePatience, cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Cancelled && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Status.Detail, exception, cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.FailedPrecondition or StatusCode.NotFound or StatusCode.InvalidArgument)
        {
            throw new InvalidOperationException(exception.Status.Detail, exception);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Aborted)
        {
            throw new BrokerUnavailableException("", queue, exception.Status.Detail, exception);
        }
        catch (RpcException exception)
        {
            throw new BrokerUnavailableException("", queue, $"the extension of the Functions host did not settle it, or did not say so ({exception.StatusCode}: {exception.Status.Detail}).", exception);
        }
    }

    /// <summary>Says how the handling of a delivery failed. Where that cannot be said the extension goes by the failed invocation alone.</summary>
    public async Task TryFailAsync(FailRequest request)
    {
        try
        {
            await Calls.FailAsync(request, deadline: DateTime.UtcNow + Patience);
        }
        catch (RpcException exception)
        {
            NotTold(exception.Status.ToString());
        }
    }

    public void Dispose()
    {
        if (_channel.IsValueCreated)
        {
            _channel.Value.Dispose();
        }
    }

    private Settlement.SettlementClient Calls => new(_channel.Value);

    [LoggerMessage(LogLevel.Warning, "The host's RabbitMQ extension could not be told how a message failed, and settles it as one that may be tried again: {Reason}")]
    private partial void NotTold(string reason);
}
