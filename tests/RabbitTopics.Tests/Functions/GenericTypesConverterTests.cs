using System.Text;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Binding;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.SelfHost.Invocation;

namespace RabbitTopics.Tests.Functions;

/// <summary>What gives functions the generic types of ours.</summary>
public sealed class GenericTypesConverterTests
{
    private static readonly FunctionDescription Function = new("F", ((Delegate)Collecting).Method, [new FunctionBinding("""{"name":"message","type":"rabbitMQTrigger","direction":"In","queueName":"q"}""")])
    {
        Collectors = [new TopicCollectorParameter("items", typeof(ITopicCollector<string>), new TopicOutputAttribute("t"))],
    };

    private readonly ServiceProvider _services = new ServiceCollection()
        .AddSingleton<IReadOnlyList<FunctionDescription>>([Function])
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
        .AddLogging()
        .AddRabbitTopics()
        .BuildServiceProvider();

    [Fact]
    public async Task A_typed_message_has_its_body_read_and_one_that_cannot_be_read_is_a_failure()
    {
        var good = await ConvertAsync(typeof(TopicMessage<int[]>), "[1,2]");
        var bad = await ConvertAsync(typeof(TopicMessage<int[]>), "{");

        Assert.Equal(ConversionStatus.Succeeded, good.Status);
        Assert.Equal([1, 2], Assert.IsType<TopicMessage<int[]>>(good.Value).Value);
        Assert.Equal(ConversionStatus.Failed, bad.Status);
    }

    [Fact]
    public async Task A_collector_is_that_of_the_functions_parameter()
    {
        var collector = await ConvertAsync(typeof(ITopicCollector<string>), "x");
        var none = await ConvertAsync(typeof(ITopicCollector<byte[]>), "x");

        Assert.Equal(ConversionStatus.Succeeded, collector.Status);
        Assert.IsType<ITopicCollector<string>>(collector.Value, exactMatch: false);
        Assert.Equal(ConversionStatus.Unhandled, none.Status);
    }

    [Theory]
    [InlineData(typeof(List<int>))]
    [InlineData(typeof(string))]
    [InlineData(typeof(TopicMessage))]
    public async Task Other_types_are_left_to_others(Type type) => Assert.Equal(ConversionStatus.Unhandled, (await ConvertAsync(type, "[]")).Status);

    private async Task<ConversionResult> ConvertAsync(Type type, string body)
    {
        var context = new InvocationContext(LoadedFunction.Load(Function, null!), new ValueTrigger("", ""), _services.GetRequiredService<IServiceScopeFactory>(), CancellationToken.None);
        context.Features.Set(new TopicMessage { Topic = "t", Body = Encoding.UTF8.GetBytes(body) });
        context.Features.Set(new CollectedPublishes());
        return await new GenericTypesConverter(_services).ConvertAsync(new Conversion(type, context));
    }

    private static void Collecting(byte[] message, ITopicCollector<string> items)
    {
    }

    private sealed class Conversion(Type type, FunctionContext context) : ConverterContext
    {
        public override Type TargetType => type;

        public override object? Source => null;

        public override FunctionContext FunctionContext => context;

        public override IReadOnlyDictionary<string, object> Properties { get; } = new Dictionary<string, object>();
    }
}
