using System.Text.Json.Serialization;
using MassTransit;
using MassTransit.Serialization.JsonConverters;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitTopics.Benchmarks.Measuring;
using RabbitTopics.Benchmarks.Workloads;

namespace RabbitTopics.Benchmarks.Contenders;

/// <summary>MassTransit with JSON alone as the body. Its defaults that are changed so that the messages are alike: indented JSON, decimal numbers as text,
/// a dozen headers, and no error where a message reaches no queue.</summary>
internal sealed class MassTransitContender(Uri broker) : IContender
{
    public async Task<IAsyncDisposable> ConsumeAsync(string queue, ushort concurrency, ushort prefetch) => await StartAsync((context, bus) =>
        bus.ReceiveEndpoint(queue, endpoint =>
        {
            endpoint.ConfigureConsumeTopology = false;
            endpoint.PrefetchCount = prefetch;
            endpoint.ConcurrentMessageLimit = concurrency;
            endpoint.ConfigureConsumer<OrderConsumer>(context);
        }));

    public async Task<IPublishing> OpenPublisherAsync(string exchange, string queue)
    {
        var host = await StartAsync((_, _) => { });
        var endpoint = await host.Services.GetRequiredService<IBus>().GetSendEndpoint(new Uri($"exchange:{exchange}?type=topic"));
        return new Publishing(host, endpoint, queue);
    }

    private async Task<RunningHost> StartAsync(Action<IBusRegistrationContext, IRabbitMqBusFactoryConfigurator> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.AddConsumer<OrderConsumer>();
            bus.UsingRabbitMq((context, rabbit) =>
            {
                rabbit.Host(broker);
                rabbit.UseRawJsonSerializer(RawSerializerOptions.AnyMessageType, isDefault: true);
                rabbit.ConfigureJsonSerializerOptions(json =>
                {
                    json.WriteIndented = false;
                    json.TypeInfoResolverChain.Insert(0, OrderJson.Default);
                    foreach (var asText in json.Converters.OfType<StringDecimalJsonConverter>().ToList<JsonConverter>())
                    {
                        json.Converters.Remove(asText);
                    }

                    return json;
                });
                configure(context, rabbit);
            });
        });
        return await RunningHost.StartAsync(builder.Build());
    }

    private sealed class Publishing(RunningHost host, ISendEndpoint endpoint, string topic) : IPublishing
    {
        private readonly IPipe<SendContext<Order>> _pipe = Pipe.Execute<SendContext<Order>>(context =>
        {
            var rabbit = context.GetPayload<RabbitMqSendContext>();
            rabbit.RoutingKey = topic;
            rabbit.Mandatory = true;
        });

        public Task PublishAsync(Order order) => endpoint.Send(order, _pipe);

        public Task PublishAllAsync(IEnumerable<Order> orders) => endpoint.SendBatch(orders, _pipe);

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}

/// <summary>MassTransit's handler.</summary>
internal sealed class OrderConsumer : IConsumer<Order>
{
    public Task Consume(ConsumeContext<Order> context) => Tally.Current.HandleAsync(context.Message);
}
