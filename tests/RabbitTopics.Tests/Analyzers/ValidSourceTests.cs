namespace RabbitTopics.Tests.Analyzers;

/// <summary>Source that is valid, some of it rare: nothing is said.</summary>
public sealed class ValidSourceTests
{
    private const string Timer = "[TimerTrigger(\"* * * * * *\")] TimerInfo timer";
    private const string Converter = "public class Conv : IInputConverter { public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) => default; }";

    [Theory]
    [InlineData("string")]
    [InlineData("byte[]")]
    [InlineData("ReadOnlyMemory<byte>")]
    [InlineData("List<int>")]
    [InlineData("List<string?>")]
    [InlineData("IReadOnlyList<string>")]
    [InlineData("System.Collections.Immutable.IImmutableList<int>")]
    [InlineData("Dictionary<string, int?>")]
    [InlineData("int")]
    [InlineData("in int")]
    [InlineData("params string[]")]
    [InlineData("DateTimeOffset?")]
    [InlineData("object")]
    [InlineData("dynamic")]
    [InlineData("TopicMessage")]
    [InlineData("TopicMessage<List<int?>>")]
    [InlineData("TopicMessage<string?>")]
    [InlineData("(int A, string? B)")]
    [InlineData("System.Text.Json.Nodes.JsonNode")]
    [InlineData("System.Text.Json.JsonElement")]
    [InlineData("Shape")]
    public async Task A_body_can_be_taken_as(string type) => Assert.Empty(await Analyzed.FindingsAsync($$"""
        [System.Text.Json.Serialization.JsonDerivedType(typeof(Circle))] public abstract record Shape;
        public record Circle : Shape;
        public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] {{type}} message) { } }
        """));

    [Theory]
    [InlineData("TimerInfo")]
    [InlineData("string")]
    [InlineData("MyInfo")]
    public async Task A_timer_can_be_taken_as(string type) => Assert.Empty(await Analyzed.FindingsAsync($$"""
        public class MyInfo { public bool IsPastDue { get; set; } }
        public static class C { [Function("F")] public static void Run([TimerTrigger("* * * * * *")] {{type}} timer) { } }
        """));

    [Theory]
    [InlineData("FunctionContext context")]
    [InlineData("CancellationToken token")]
    [InlineData("CancellationToken? token")]
    [InlineData("TopicMessage message")]
    [InlineData("TopicMessage<string> message")]
    [InlineData("TopicMessageActions actions")]
    [InlineData("[TopicOutput(\"t\")] ITopicCollector<string> items")]
    [InlineData("[TopicOutput(\"%TOPIC%\")] ITopicCollector<int> items, [TopicOutput(\"t\")] ITopicCollector<TopicMessage<int>> messages")]
    [InlineData("Version? version = null")]
    [InlineData("[InputConverter(typeof(Conv))] Version version")]
    [InlineData("Converted converted")]
    [InlineData("DerivedConverted converted")]
    [InlineData("[Blob] Stream content")]
    [InlineData("string routingKey, string? Exchange, ulong deliveryTag, long DeliveryTag2 = 0, bool redelivered = false")]
    [InlineData("string consumerTag, Guid exchange, int routingKey")]
    public async Task A_parameter_beside_a_message_can_be(string parameters) => Assert.Empty(await Analyzed.FindingsAsync($$"""
        {{Converter}}
        [InputConverter(typeof(Conv))] public class Converted;
        public class DerivedConverted : Converted;
        public sealed class BlobAttribute : InputBindingAttribute;
        public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] string text, {{parameters}}) { } }
        """));

    [Theory]
    [InlineData("FunctionContext context")]
    [InlineData("CancellationToken token")]
    [InlineData("[TopicOutput(\"t\")] ITopicCollector<string> items")]
    [InlineData("int size = 5")]
    [InlineData("[InputConverter(typeof(Conv))] Version version")]
    public async Task A_parameter_beside_a_timer_can_be(string parameters) => Assert.Empty(await Analyzed.FindingsAsync($$"""
        {{Converter}}
        public static class C { [Function("F")] public static void Run({{Timer}}, {{parameters}}) { } }
        """));

    [Theory]
    [InlineData("TopicSubscription(\"#\")")]
    [InlineData("TopicSubscription(\"*.orders.#\")")]
    [InlineData("TopicSubscription(\"orders\", Exchange = \"x\", ExchangeType = \"topic\")")]
    [InlineData("TopicSubscription(\"orders*\", ExchangeType = \"direct\")")]
    [InlineData("TopicSubscription(\"orders*\", Exchange = \"amq.direct\")")]
    [InlineData("TopicSubscription(\"\", ExchangeType = \"fanout\")")]
    [InlineData("TopicSubscription(\"\", Exchange = \"amq.fanout\")")]
    [InlineData("TopicSubscription(\"\", Exchange = \"amq.match\", Arguments = [\"x-match\", \"all\", \"version\", 2])")]
    [InlineData("TopicSubscription(\"a*\", Exchange = \"%EXCHANGE%\")")]
    [InlineData("TopicSubscription(\"a*.%TOPIC%\")")]
    [InlineData("TopicSubscription(\"a\"), TopicSubscription(\"b\"), QueueOptions(Type = \"quorum\")")]
    public async Task A_subscription_can_be(string attributes) => Assert.Empty(await Analyzed.FindingsAsync($$"""
        public static class C
        {
            [Function("F"), Consume(Prefetch = 5), ErrorPolicy(ErrorAction.Requeue)]
            public static void Run([RabbitMQTrigger("q"), {{attributes}}] string message) { }
        }
        """));

    [Theory]
    [InlineData("""[Obsolete("old")] public class C { [Function("F")] public void Run(TIMER) { } }""")]
    [InlineData("""internal sealed class C(IServiceProvider services) { [Function("F")] public bool Run(TIMER) => services is null; }""")]
    [InlineData("""public abstract class C { [Function("F")] public static void Run(TIMER) { } }""")]
    [InlineData("""public record C { [Function("F")] public void Run(TIMER) { } }""")]
    [InlineData("""public class C { public required string Name { get; init; } [Function("F")] public void Run(TIMER) { } }""")]
    [InlineData("""public class C { private C(int n) { } public C() : this(1) { } [Function("F")] public void Run(TIMER) { } }""")]
    [InlineData("""public class C { [Function("F")] public void Run(TIMER) { } private void Run() { } }""")]
    [InlineData("""public static class C { [Function("F")] public static void Run([TimerTrigger("* * * * *")] this TimerInfo timer) { } }""")]
    [InlineData("""public static class C { [Function("F")] public static async void Run(TIMER) => await Task.Yield(); }""")]
    [InlineData("""public static class C { [Function("F"), TopicOutput("t")] public static async Task<int> Run(TIMER) { await Task.Yield(); return 1; } }""")]
    [InlineData("""public static class C { [Function("F"), TopicOutput("t"), RabbitMQOutput(QueueName = "q")] public static ValueTask<int> Run(TIMER) => new(1); }""")]
    [InlineData("""public struct R { [TopicOutput("t")] public int N => 4; } public static class C { [Function("F")] public static ValueTask<R?> Run(TIMER) => new(new R()); }""")]
    [InlineData("""namespace @namespace; public class @class { [Function("F-1_x")] public @class @new([RabbitMQTrigger("q")] @class @event) => @event; }""")]
    [InlineData("""public static class C { public static void Run([RabbitMQTrigger("")] Stream body) { } }""")]
    [InlineData("""public static class C { public static Func<int> M() { [Obsolete] static int L() => 1; return [Obsolete] () => 1; } }""")]
    [InlineData("public class C;")]
    public async Task A_function_can_be(string source) =>
        Assert.Empty(await Analyzed.FindingsAsync(source.Replace("TIMER", Timer, StringComparison.Ordinal)));

    [Fact]
    public async Task A_stock_app_of_other_triggers_is_left_alone() => Assert.Empty(await Analyzed.FindingsAsync(
        """
        namespace Extensions;

        public sealed class HttpTriggerAttribute(params string[] methods) : TriggerBindingAttribute
        {
            public string[] Methods => methods;
            public string? Route { get; set; }
        }
        public sealed class QueueTriggerAttribute(string queue) : TriggerBindingAttribute { public string Queue => queue; }
        public sealed class BlobInputAttribute(string path) : InputBindingAttribute { public string Path => path; }
        public sealed class QueueOutputAttribute(string queue) : OutputBindingAttribute { public string Queue => queue; }
        public sealed class FromBodyAttribute() : InputConverterAttribute(typeof(Conv));
        public sealed class HttpResultAttribute : Attribute;
        """ + Converter,
        """
        using Extensions;

        public sealed record Order(int Id);

        public sealed class Orders(TimeProvider time)
        {
            [Function("GetOrder")]
            public string Get([HttpTrigger("get", Route = "orders/{id:int}")] object request, int id, string customer, Order? order, FunctionContext context) => $"{id} {time}";

            [Function("PostOrder")]
            public async Task<Result> Post([HttpTrigger("post")] object request, [FromBody] Order order, [BlobInput("orders/{id}")] Stream blob)
            {
                await Task.Yield();
                return new Result();
            }

            [Function("PublishOrder")]
            [TopicOutput("orders.%REGION%")]
            public Order Publish([HttpTrigger("post")] object request, string id) => new(1);

            [Function("Forward"), QueueOutput("next")]
            public static string[] Forward([QueueTrigger("orders")] string body, int dequeueCount, [TopicOutput("t")] ITopicCollector<Order> orders) => [body];
        }

        public sealed class Result
        {
            [HttpResult] public object? Response { get; set; }
            [QueueOutput("orders")] public string? Message { get; set; }
        }
        """));

    [Fact]
    public async Task The_functions_of_the_demo_are_left_alone()
    {
        var files = Directory.GetFiles(Path.Combine(TestSupport.Repository.Root, "src", "FunctionApp"), "*.cs")
            .Where(file => File.ReadAllText(file).Contains("[Function(", StringComparison.Ordinal) || Path.GetFileName(file) == "Person.cs").ToArray();

        Assert.True(files.Length > 3);
        Assert.Empty(await Analyzed.FindingsAsync([.. files.Select(File.ReadAllText)]));
    }

    [Theory]
    [InlineData("RabbitTopics.Benchmarks")]
    [InlineData("RabbitTopics.Conformance.App")]
    [InlineData("RabbitTopics.Soak")]
    public async Task The_functions_of_the_other_apps_are_left_alone(string app)
    {
        var files = Directory.GetFiles(Path.Combine(TestSupport.Repository.Root, "tests", app), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText).ToArray();

        Assert.Contains(files, file => file.Contains("[Function(", StringComparison.Ordinal));
        Assert.Empty((await Analyzed.FromAsync(files)).Findings);
    }

    [Theory]
    [InlineData("""public static class C { [Function] public static void Run([TimerTrigger("* * * * *")] TimerInfo timer) { } }""")]
    [InlineData("""public static class C { [Function("F")] public static void Run([NoSuchTrigger("")] string text) { } }""")]
    [InlineData("""public static class C { [Function("F"), Consume] public static void Run([NoSuchTrigger(""), TopicSubscription("t"), QueueOptions] string text) { } }""")]
    [InlineData("""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] NoSuchType message, NoSuchType other) { } }""")]
    [InlineData("""public static class C { [Function("F"), TopicOutput("t")] public static NoSuchType Run([TimerTrigger("* * * * *")] TimerInfo timer) => null!; }""")]
    [InlineData("""public static class C { [Function("F")] public static void Run([TimerTrigger("* * * * *"), InputConverter(typeof(NoSuch))] string timer) { } }""")]
    [InlineData("""public static class C { [Function("F")] public static void Run([TimerTrigger(NoSuch.Schedule)] TimerInfo timer) { } }""")]
    [InlineData("""public static class C { [Function("F")] public static void Run([RabbitMQTrigger(), TopicSubscription(NoSuch.Topic)] string message) { } }""")]
    [InlineData("""public static class C { [Function("F")] public static void Run([TimerTrigger("* * * * *")] TimerInfo timer, [NoSuch] Version version, [NoSuch] ITopicCollector<string> items) { } }""")]
    [InlineData("""public static class C { [Function("F")] public static void Run([TimerTrigger("* * * * *")] TimerInfo timer, [TopicOutput("t")] ITopicCollector<NoSuch> items, """)]
    public async Task Source_that_does_not_compile_gets_no_further_error(string source)
    {
        var analyzed = await Analyzed.FromAsync(source);

        Assert.NotEmpty(analyzed.CompilerErrors);
        Assert.Empty(analyzed.Findings);
    }
}
