using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.WebJobs.Rpc.Core.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitTopics.HostExtension;
using RabbitTopics.HostExtension.V1;
using RabbitTopics.TestSupport;
using RabbitTopics.WebJobsTests.Host;

namespace RabbitTopics.WebJobsTests;

/// <summary>An app that settles its message while its function runs, by the endpoints that the extension gives a Functions host.</summary>
public sealed class SettlementServiceTests(SharedBroker broker)
{
    private const string Trigger = """{"topics":"#none","maxAttempts":2,"retryDelays":"00:00:00.1"}""";

    [Fact]
    public async Task A_message_that_the_function_parks_is_parked_with_its_reason_whatever_comes_after()
    {
        await using var run = await StartAsync(async (client, invocation) =>
        {
            await client.SettleAsync(new SettleRequest { Id = IdOf(invocation), Action = SettleRequest.Types.Action.DeadLetter, Reason = "unpaid", Description = "No money." });
            throw new InvalidOperationException("Afterwards.");
        });

        await run.Host.SendAsync("x");

        var parked = await run.Host.TakeDeadAsync();
        Assert.Equal("unpaid", parked.HeaderText("rt-dead-letter-reason"));
        Assert.Equal("No money.", parked.HeaderText("rt-dead-letter-description"));
        await run.Host.StopAsync();
        Assert.Equal(0u, await run.Host.CountAsync());
    }

    [Theory]
    [InlineData(nameof(SettleRequest.Types.Action.Abandon))]
    [InlineData(nameof(SettleRequest.Types.Action.Retry))]
    public async Task A_message_that_the_function_gives_back_is_handled_again_and_counted(string action)
    {
        var runs = 0;
        await using var run = await StartAsync(async (client, invocation) =>
        {
            Interlocked.Increment(ref runs);
            await client.SettleAsync(new SettleRequest { Id = IdOf(invocation), Action = Enum.Parse<SettleRequest.Types.Action>(action), DelayMilliseconds = 100 });
        });

        await run.Host.SendAsync("x");

        var parked = await run.Host.TakeDeadAsync();
        Assert.Equal("max-attempts", parked.HeaderText("rt-dead-letter-reason"));
        Assert.Equal(2, runs);
    }

    [Fact]
    public async Task A_message_that_the_function_completes_is_done_even_if_it_throws_then()
    {
        var runs = 0;
        await using var run = await StartAsync(async (client, invocation) =>
        {
            Interlocked.Increment(ref runs);
            await client.SettleAsync(new SettleRequest { Id = IdOf(invocation), Action = SettleRequest.Types.Action.Complete });
            throw new InvalidOperationException("Afterwards.");
        });

        await run.Host.SendAsync("x");

        await run.Host.Log.WaitForAsync("its handler had settled it before");
        Assert.Equal(1, Volatile.Read(ref runs));
        await run.Host.StopAsync();
        Assert.Equal(0u, await run.Host.CountAsync());
    }

    [Fact]
    public async Task What_cannot_be_done_is_answered_with_the_reason()
    {
        var answers = new ConcurrentQueue<RpcException>();
        string? id = null;
        await using var run = await StartAsync(async (client, invocation) =>
        {
            id = IdOf(invocation);
            answers.Enqueue(await Assert.ThrowsAsync<RpcException>(async () => await client.SettleAsync(new SettleRequest { Id = id })));
            answers.Enqueue(await Assert.ThrowsAsync<RpcException>(async () => await client.SettleAsync(new SettleRequest { Id = id, Action = SettleRequest.Types.Action.Retry, DelayMilliseconds = -5 })));
            await client.SettleAsync(new SettleRequest { Id = id, Action = SettleRequest.Types.Action.Complete });
            answers.Enqueue(await Assert.ThrowsAsync<RpcException>(async () => await client.SettleAsync(new SettleRequest { Id = id, Action = SettleRequest.Types.Action.Complete })));
        });

        await run.Host.SendAsync("x");
        await Wait.UntilAsync(() => answers.Count == 3, "three refusals");
        await run.Host.StopAsync();
        answers.Enqueue(await Assert.ThrowsAsync<RpcException>(async () => await run.Client.SettleAsync(new SettleRequest { Id = id, Action = SettleRequest.Types.Action.Complete })));

        Assert.Equal([StatusCode.InvalidArgument, StatusCode.InvalidArgument, StatusCode.FailedPrecondition, StatusCode.NotFound], answers.Select(answer => answer.StatusCode));
        Assert.Contains("settled already", answers.ElementAt(2).Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function_that_settles_its_message_long_after_its_time_is_told_that_it_is_too_late()
    {
        var answers = new ConcurrentQueue<RpcException>();
        var isParked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var run = await StartAsync(async (client, invocation) =>
        {
            await isParked.Task;
            answers.Enqueue(await Assert.ThrowsAsync<RpcException>(async () => await client.SettleAsync(
                new SettleRequest { Id = IdOf(invocation), Action = SettleRequest.Types.Action.DeadLetter, Reason = "late" })));
        }, """{"topics":"#none","maxAttempts":1,"timeout":"00:00:00.2"}""");

        await run.Host.SendAsync("x");
        Assert.Equal("max-attempts", (await run.Host.TakeDeadAsync()).HeaderText("rt-dead-letter-reason"));
        isParked.SetResult();

        await Wait.UntilAsync(() => answers.Count == 1, "the late answer");
        Assert.Equal(StatusCode.FailedPrecondition, answers.Single().StatusCode);
        await run.Host.StopAsync();
        Assert.Equal(0u, await run.Host.CountAsync());
    }

    [Theory]
    [InlineData(nameof(FailRequest.Types.Kind.Failed), "max-attempts", 2)]
    [InlineData(nameof(FailRequest.Types.Kind.NonRetryable), "non-retryable", 1)]
    [InlineData(nameof(FailRequest.Types.Kind.Poison), "poison", 1)]
    public async Task What_the_app_says_of_its_failure_decides_on_the_message(string kind, string reason, int attempts)
    {
        var runs = 0;
        await using var run = await StartAsync(async (client, invocation) =>
        {
            Interlocked.Increment(ref runs);
            await client.FailAsync(new FailRequest { Id = IdOf(invocation), Kind = Enum.Parse<FailRequest.Types.Kind>(kind), Type = "Shop.UnpaidException", Message = "No money.", Stack = "at Shop.Pay()" });
            throw new InvalidOperationException("What a host makes of it.");
        });

        await run.Host.SendAsync("x");

        var parked = await run.Host.TakeDeadAsync();
        Assert.Equal(reason, parked.HeaderText("rt-dead-letter-reason"));
        Assert.Equal("Shop.UnpaidException", parked.HeaderText("rt-exception-type"));
        Assert.Equal("No money.", parked.HeaderText("rt-exception-message"));
        Assert.Equal("at Shop.Pay()", parked.HeaderText("rt-exception-stack"));
        Assert.Equal(attempts, runs);
    }

    private static string IdOf(Invocation invocation) => DeliveryData.Read(invocation.Data).Id;

    private Task<Run> StartAsync(Func<Settlement.SettlementClient, Invocation, Task> function, string trigger = Trigger) => Run.StartAsync(broker.Uri, function, trigger);

    /// <summary>A host, and a server that serves what its extensions have for apps.</summary>
    private sealed record Run(RunningHost Host, WebApplication Server, GrpcChannel Channel, Settlement.SettlementClient Client) : IAsyncDisposable
    {
        public static async Task<Run> StartAsync(Uri broker, Func<Settlement.SettlementClient, Invocation, Task> function, string trigger)
        {
            Settlement.SettlementClient? client = null;
            var host = await (await RunningHost.StartAsync(broker, invocation => function(client!, invocation), trigger)).ConsumingAsync();
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
            builder.Logging.ClearProviders();
            builder.Services.AddGrpc();
            var server = builder.Build();
            server.Use((context, next) =>
            {
                context.RequestServices = host.Services;
                return next(context);
            });
#pragma warning disable CS0618 // "Not for public consumption": as the Functions host reads it.
            foreach (var endpoints in host.Services.GetServices<WebJobsRpcEndpointDataSource>())
            {
                ((IEndpointRouteBuilder)server).DataSources.Add(endpoints);
            }
#pragma warning restore CS0618

            await server.StartAsync();
            var address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            var channel = GrpcChannel.ForAddress(address);
            client = new Settlement.SettlementClient(channel);
            return new Run(host, server, channel, client);
        }

        public async ValueTask DisposeAsync()
        {
            Channel.Dispose();
            await Server.DisposeAsync();
            await Host.DisposeAsync();
        }
    }
}
