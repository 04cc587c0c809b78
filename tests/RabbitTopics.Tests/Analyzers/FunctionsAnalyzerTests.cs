using Microsoft.CodeAnalysis;
using RabbitTopics.Functions.Analyzers;

namespace RabbitTopics.Tests.Analyzers;

/// <summary>Each rule: where it says what.</summary>
public sealed class FunctionsAnalyzerTests
{
    private const string Timer = "[TimerTrigger(\"* * * * * *\")] TimerInfo timer";

    /// <summary>Rule, place, a part of the message, members of a class C.</summary>
    public static readonly TheoryData<string, string, string, string> Members = new()
    {
        { "RTF002", """Function("")""", "the name of C.Run is empty", $$"""[Function("")] public static void Run({{Timer}}) { }""" },
        { "RTF002", """Function("a b")""", "Function 'a b'", $$"""[Function("a b")] public static void Run({{Timer}}) { }""" },
        { "RTF002", """Function("1a")""", "Use a letter", $$"""[Function("1a")] public static void Run({{Timer}}) { }""" },
        { "RTF002", """Function("Grüße")""", "digits", $$"""[Function("Grüße")] public static void Run({{Timer}}) { }""" },
        { "RTF002", """Function("Host")""", "'host' is taken", $$"""[Function("Host")] public static void Run({{Timer}}) { }""" },

        { "RTF003", "Run", "no parameter has a trigger. Put one on a parameter", """[Function("F")] public static void Run() { }""" },
        { "RTF003", "Run", "no parameter has a trigger", """[Function("F")] public static void Run(string text, TimeProvider time) { }""" },
        { "RTF004", """RabbitMQTrigger("q")""", "[RabbitMQTrigger] on 's' is a trigger besides [TimerTrigger] on 'timer'", $$"""[Function("F")] public static void Run({{Timer}}, [RabbitMQTrigger("q")] string s) { }""" },
        { "RTF004", """RabbitMQTrigger("q")""", "Leave one of them", """[Function("F")] public static void Run([TimerTrigger("* * * * *"), RabbitMQTrigger("q")] TimerInfo t) { }""" },

        { "RTF005", "Run", "the worker cannot call C.Run: it is not public", $$"""[Function("F")] internal static void Run({{Timer}}) { }""" },
        { "RTF005", "Run", "Make it public", $$"""[Function("F")] static void Run({{Timer}}) { }""" },
        { "RTF005", "Run", "it is generic", $$"""[Function("F")] public static void Run<T>({{Timer}}) { }""" },
        { "RTF005", "Run", "another public method of its name", $$"""[Function("F")] public static void Run({{Timer}}) { } public static void Run() { }""" },
        { "RTF005", "Run", "not a method of a class", $$"""public static void M() { [Function("F")] static void Run({{Timer}}) { } }""" },

        { "RTF007", "message", "the parameter 'message' is System.ReadOnlySpan<byte>", """[Function("F")] public static void Run([RabbitMQTrigger("q")] ReadOnlySpan<byte> message) { }""" },
        { "RTF007", "message", "the parameter 'message' is ref or out", """[Function("F")] public static void Run([RabbitMQTrigger("q")] ref string message) { }""" },
        { "RTF007", "message", "which the worker cannot pass", """[Function("F")] public static void Run([RabbitMQTrigger("q")] out int message) => message = 0;""" },
        { "RTF007", "message", "ref or out", """[Function("F")] public static void Run([RabbitMQTrigger("q")] ref readonly int message) { }""" },
        { "RTF007", "message", "int*", """[Function("F")] public static unsafe void Run([RabbitMQTrigger("q")] int* message) { }""" },
        { "RTF007", "Run", "it returns System.Span<byte>", $$"""[Function("F")] public static Span<byte> Run({{Timer}}) => default;""" },

        { "RTF008", "s", "the parameter 's' has the unsupported type System.IO.Stream: a body is in memory", """[Function("F")] public static void Run([RabbitMQTrigger("q")] Stream s) { }""" },
        { "RTF008", "s", "no class is known to make for the interface", """[Function("F")] public static void Run([RabbitMQTrigger("q")] IDisposable s) { }""" },
        { "RTF008", "s", "a delegate cannot be sent", """[Function("F")] public static void Run([RabbitMQTrigger("q")] Action s) { }""" },
        { "RTF008", "s", "Stream[]", """[Function("F")] public static void Run([RabbitMQTrigger("q")] Stream[] s) { }""" },
        { "RTF008", "s", "a body is in memory", """[Function("F")] public static void Run([RabbitMQTrigger("q")] IReadOnlyList<Stream> s) { }""" },
        { "RTF008", "s", "IComparer<int>", """[Function("F")] public static void Run([RabbitMQTrigger("q")] IComparer<int> s) { }""" },
        { "RTF008", "s", "IAsyncEnumerable<int>", """[Function("F")] public static void Run([RabbitMQTrigger("q")] IAsyncEnumerable<int> s) { }""" },
        { "RTF008", "s", "more than one dimension", """[Function("F")] public static void Run([RabbitMQTrigger("q")] int[,] s) { }""" },
        { "RTF008", "s", "not later", """[Function("F")] public static void Run([RabbitMQTrigger("q")] Task<int> s) { }""" },
        { "RTF008", "s", "not later", """[Function("F")] public static void Run([RabbitMQTrigger("q")] ValueTask<int> s) { }""" },
        { "RTF008", "s", "the class is abstract", """[Function("F")] public static void Run([RabbitMQTrigger("q")] System.Reflection.MemberInfo s) { }""" },

        { "RTF009", "t", "the parameter 't' has the unsupported type int. Use TimerInfo", """[Function("F")] public static void Run([TimerTrigger("* * * * * *")] int t) { }""" },
        { "RTF009", "t", "Use TimerInfo", """[Function("F")] public static void Run([TimerTrigger("* * * * * *")] byte[] t) { }""" },
        { "RTF009", "t", "IInfo", """public interface IInfo; [Function("F")] public static void Run([TimerTrigger("* * * * * *")] IInfo t) { }""" },

        { "RTF010", "body", "the parameter 'body' has the name of an entry of the binding data", """[Function("F")] public static void Run([RabbitMQTrigger("q")] string body) { }""" },
        { "RTF010", "RoutingKey", "for example 'message'", """[Function("F")] public static void Run([RabbitMQTrigger("q")] string RoutingKey) { }""" },

        { "RTF011", "time", "the parameter 'time' has the unsupported type System.TimeProvider: nothing gives it a value. Take services in the constructor", """[Function("F")] public static void Run([RabbitMQTrigger("q")] string s, TimeProvider time) { }""" },
        { "RTF011", "routingKey", "System.Version", """[Function("F")] public static void Run([RabbitMQTrigger("q")] string s, Version routingKey) { }""" },
        { "RTF011", "body", "nothing gives it a value", """[Function("F")] public static void Run([RabbitMQTrigger("q")] string s, byte[] body) { }""" },
        { "RTF011", "routingKey", "nothing gives it a value", $$"""[Function("F")] public static void Run({{Timer}}, string routingKey) { }""" },
        { "RTF011", "publisher", "ITopicPublisher", """[Function("F")] public static void Run([RabbitMQTrigger("q")] string s, RabbitTopics.ITopicPublisher publisher) { }""" },
        { "RTF011", "message", "TopicMessage", $$"""[Function("F")] public static void Run({{Timer}}, TopicMessage message) { }""" },
        { "RTF011", "message", "TopicMessage<string>", $$"""[Function("F")] public static void Run({{Timer}}, TopicMessage<string> message) { }""" },
        { "RTF011", "actions", "TopicMessageActions", $$"""[Function("F")] public static void Run({{Timer}}, TopicMessageActions actions) { }""" },

        { "RTF012", "message", "an object of System.String cannot be made: [InputConverter] names it, and it is not an IInputConverter", """[Function("F")] public static void Run([RabbitMQTrigger("q"), InputConverter(typeof(string))] Version message) { }""" },

        { "RTF013", """TopicOutput("t")""", "C.Run has an output attribute and returns nothing", $$"""[Function("F"), TopicOutput("t")] public static void Run({{Timer}}) { }""" },
        { "RTF013", """RabbitMQOutput(QueueName = "q")""", "ITopicCollector<T>", $$"""[Function("F"), RabbitMQOutput(QueueName = "q")] public static Task Run({{Timer}}) => Task.CompletedTask;""" },
        { "RTF013", """TopicOutput("t")""", "Return a value", $$"""[Function("F"), TopicOutput("t")] public static ValueTask Run({{Timer}}) => default;""" },

        { "RTF014", """TimerTrigger("* * *")""", "the schedule '* * *' is invalid: it is neither an NCRONTAB expression", """[Function("F")] public static void Run([TimerTrigger("* * *")] TimerInfo t) { }""" },

        { "RTF015", """TopicSubscription("orders*")""", "it subscribes to 'orders*', where 'orders*' would be taken as it stands", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription("orders*")] string s) { }""" },
        { "RTF015", """TopicSubscription("a.b#.c")""", "where 'b#' would be taken", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription("#"), TopicSubscription("a.b#.c")] string s) { }""" },
        { "RTF015", """TopicSubscription("**", Exchange = "amq.topic")""", "'*' and '#' are whole words", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription("**", Exchange = "amq.topic")] string s) { }""" },
        { "RTF015", """TopicSubscription("")""", "an empty topic. Name one, or '#' for all", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription("")] string s) { }""" },
        { "RTF015", """TopicSubscription(" ", ExchangeType = "direct")""", "an empty topic", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription(" ", ExchangeType = "direct")] string s) { }""" },
        { "RTF015", """TopicSubscription(null!)""", "an empty topic", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription(null!)] string s) { }""" },
        { "RTF015", """TopicSubscription("t", ExchangeType = "Topic")""", "as 'Topic'. Write topic, direct, fanout or headers", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription("t", ExchangeType = "Topic")] string s) { }""" },
        { "RTF015", """TopicSubscription("t", Exchange = "amq.fanout", ExchangeType = "topic")""", "has its type by name", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription("t", Exchange = "amq.fanout", ExchangeType = "topic")] string s) { }""" },

        { "RTF016", """TopicOutput("a.*")""", "it publishes to 'a.*'. Name one topic", $$"""[Function("F"), TopicOutput("a.*")] public static int Run({{Timer}}) => 1;""" },
        { "RTF016", """TopicOutput("")""", "wildcards are for subscriptions", $$"""[Function("F"), TopicOutput("")] public static int Run({{Timer}}) => 1;""" },
        { "RTF016", """TopicOutput("#")""", "it publishes to '#'", $$"""[Function("F")] public static void Run({{Timer}}, [TopicOutput("#")] ITopicCollector<string> topics) { }""" },

        { "RTF017", """TopicSubscription("t")""", "the parameter 'timer' has [TopicSubscription] and no [RabbitMQTrigger]. Put both on one parameter", """[Function("F")] public static void Run([TimerTrigger("* * * * *"), TopicSubscription("t")] TimerInfo timer) { }""" },
        { "RTF017", """TopicSubscription("t")""", "the parameter 'context'", """[Function("F")] public static void Run([RabbitMQTrigger("q")] string message, [TopicSubscription("t")] FunctionContext context) { }""" },
        { "RTF017", "QueueOptions", "has [QueueOptions] and no", """[Function("F")] public static void Run([RabbitMQTrigger("q")] string message, [QueueOptions] FunctionContext context) { }""" },

        { "RTF018", "items", "the parameter 'items' needs both [TopicOutput] and the type ITopicCollector<T>. Add [TopicOutput]", $$"""[Function("F")] public static void Run({{Timer}}, ITopicCollector<string> items) { }""" },
        { "RTF018", """TopicOutput("t")""", "Add the type", $$"""[Function("F")] public static void Run({{Timer}}, [TopicOutput("t")] List<string> items) { }""" },

        { "RTF020", "more", "the parameters 'items' and 'more' are collectors of one type", $$"""[Function("F")] public static void Run({{Timer}}, [TopicOutput("t")] ITopicCollector<string> items, [TopicOutput("u")] ITopicCollector<string?> more) { }""" },

        { "RTF021", """RabbitMQTrigger("")""", "names an empty queue. Name one", """[Function("F")] public static void Run([RabbitMQTrigger("")] string s) { }""" },
        { "RTF021", """RabbitMQTrigger("host", "user", "password", 0, " ")""", "Name one", """[Function("F")] public static void Run([RabbitMQTrigger("host", "user", "password", 0, " ")] string s) { }""" },

        { "RTF022", "_", "Microsoft's host does not take '_' as the name of a bound parameter", """[Function("F")] public static void Run([TimerTrigger("* * * * *")] TimerInfo _) { }""" },
        { "RTF022", "my_message", "letters or digits", """[Function("F")] public static void Run([RabbitMQTrigger("q")] string my_message) { }""" },

        { "RTF023", "Consume(Prefetch = 0)", "[Consume(Prefetch)] is '0'. Write a whole number from 1 to 65535", """[Function("F"), Consume(Prefetch = 0)] public static void Run([RabbitMQTrigger("q")] string s) { }""" },
        { "RTF023", """Consume(Timeout = "5")""", "[Consume(Timeout)] is '5'. Write hours, minutes and seconds, for example '00:00:05', or '-1' for no limit", """[Function("F"), Consume(Timeout = "5")] public static void Run([RabbitMQTrigger("q")] string s) { }""" },
        { "RTF023", "ErrorPolicy(ErrorAction.Retry, MaxAttempts = 0)", "[ErrorPolicy(MaxAttempts)] is '0'. Write a whole number from 1.", """[Function("F"), ErrorPolicy(ErrorAction.Retry, MaxAttempts = 0)] public static void Run([RabbitMQTrigger("q")] string s) { }""" },
        { "RTF023", """ErrorPolicy(ErrorAction.Retry, Delays = "00:00:01, soon")""", "[ErrorPolicy(Delays)] is 'soon'", """[Function("F"), ErrorPolicy(ErrorAction.Retry, Delays = "00:00:01, soon")] public static void Run([RabbitMQTrigger("q")] string s) { }""" },
        { "RTF023", """QueueOptions(Type = "stream")""", "[QueueOptions(Type)] is 'stream'. Write one of: classic, quorum", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription("a"), QueueOptions(Type = "stream")] string s) { }""" },
        { "RTF023", "QueueOptions(MaxPriority = 256)", "from 1 to 255", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription("a"), QueueOptions(MaxPriority = 256)] string s) { }""" },
        { "RTF023", """Consume(PartitionKey = "customer")""", "Write 'topic', 'correlation-id' or 'header:NAME'", """[Function("F"), Consume(PartitionKey = "customer")] public static void Run([RabbitMQTrigger("q")] string s) { }""" },
        { "RTF023", """QueueOptions(Type = "quorum", MaxPriority = 5)""", "A quorum queue is durable", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription("a"), QueueOptions(Type = "quorum", MaxPriority = 5)] string s) { }""" },
        { "RTF023", "QueueOptions(MaxLengthBytes = 5)", "set Overflow to", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription("a"), QueueOptions(MaxLengthBytes = 5)] string s) { }""" },
        { "RTF023", """QueueOptions(Expires = "00:00:00")""", "[QueueOptions(Expires)] is '00:00:00'", """[Function("F")] public static void Run([RabbitMQTrigger("q"), TopicSubscription("a"), QueueOptions(Expires = "00:00:00")] string s) { }""" },
    };

    /// <summary>The same for whole sources.</summary>
    public static readonly TheoryData<string, string, string, string> Sources = new()
    {
        { "RTF005", "Run", "the class C is generic", $$"""public static class C<T> { [Function("F")] public static void Run({{Timer}}) { } }""" },
        { "RTF005", "Run", "the class C is abstract", $$"""public abstract class C { [Function("F")] public void Run({{Timer}}) { } }""" },
        { "RTF005", "Run", "the class Inner is inside Outer", $$"""public class Outer { public class Inner { [Function("F")] public void Run({{Timer}}) { } } }""" },
        { "RTF005", "Run", "the class C is local to a file", $$"""file class C { [Function("F")] public void Run({{Timer}}) { } }""" },
        { "RTF005", "Run", "it is not in a class", $$"""public interface IRun { [Function("F")] void Run({{Timer}}); }""" },
        { "RTF005", "Run", "it is not in a class", $$"""public struct C { [Function("F")] public void Run({{Timer}}) { } }""" },
        { "RTF005", "Run", "it is not public", $$"""public interface IRun { void Run(TimerInfo timer); } public class C : IRun { [Function("F")] void IRun.Run({{Timer}}) { } }""" },
        { "RTF005", """[Function("F")] ([TimerTrigger("5")] TimerInfo t) => { }""", "not a method of a class", """public static class C { public static Action<TimerInfo> A = [Function("F")] ([TimerTrigger("5")] TimerInfo t) => { }; }""" },
        { "RTF012", "Run", "an object of C cannot be made: it has no public constructor. Give it one", $$"""public class C { private C() { } [Function("F")] public void Run({{Timer}}) { } }""" },
        { "RTF016", """TopicOutput("*")""", "it publishes to '*'", $$"""public class R { [TopicOutput("*")] public string? Text { get; set; } } public static class C { [Function("F")] public static Task<R> Run({{Timer}}) => Task.FromResult(new R()); }""" },
        { "RTF016", """TopicOutput("*")""", "it publishes to '*'", $$"""public class R { [TopicOutput("*")] public string? Text { get; set; } } public class S : R; public static class C { [Function("F")] public static S? Run({{Timer}}) => null; }""" },
    };

    [Theory]
    [MemberData(nameof(Members))]
    public Task A_mistake_is_an_error_that_names_the_function_and_what_to_do(string id, string place, string message, string members) =>
        IsFoundAsync(id, DiagnosticSeverity.Error, place, message, $"public static class C {{ {members} }}");

    [Theory]
    [MemberData(nameof(Sources))]
    public Task A_mistake_with_classes_is_an_error_that_names_the_function_and_what_to_do(string id, string place, string message, string source) =>
        IsFoundAsync(id, DiagnosticSeverity.Error, place, message, source);

    [Theory]
    [InlineData("Consume(Prefetch = 5)", "[Function(\"F\"), Consume(Prefetch = 5)] public static void Run([TimerTrigger(\"* * * * *\")] TimerInfo t) { }", "[Consume] has no effect")]
    [InlineData("ErrorPolicy(ErrorAction.Requeue)", "[Function(\"F\"), ErrorPolicy(ErrorAction.Requeue)] public static void Run([TimerTrigger(\"* * * * *\")] TimerInfo t) { }", "no [RabbitMQTrigger]")]
    [InlineData("QueueOptions(Type = \"quorum\")", "[Function(\"F\")] public static void Run([RabbitMQTrigger(\"q\"), QueueOptions(Type = \"quorum\")] string s) { }", "Add [TopicSubscription]")]
    public Task An_attribute_in_vain_is_a_warning(string place, string members, string message) =>
        IsFoundAsync("RTF019", DiagnosticSeverity.Warning, place, message, $"public static class C {{ {members} }}");

    [Fact]
    public async Task Functions_of_one_name_are_found_across_files_and_whatever_the_case_of_the_letters()
    {
        var findings = await Analyzed.FindingsAsync(
            $$"""public static class C { [Function("F")] public static void Run({{Timer}}) { } }""",
            $$"""public static partial class D { [Function("f")] public static partial void Run({{Timer}}); }""",
            "public static partial class D { public static partial void Run(TimerInfo timer) { } }",
            $$"""public static class E { [Function("other")] public static void Run({{Timer}}) { } }""");

        Assert.Equal(
            [("RTF001", "Function(\"F\")", "C.Run and to D.Run"), ("RTF001", "Function(\"f\")", "D.Run and to C.Run")],
            findings.OrderBy(finding => finding.Place, StringComparer.Ordinal)
                .Select(finding => (finding.Id, finding.Place, finding.Message.Split("given to ")[1].Split(',')[0])));
    }

    [Fact]
    public async Task Functions_that_subscribe_one_queue_of_one_broker_are_warned_of()
    {
        var findings = await Analyzed.FindingsAsync("""
            public static class C
            {
                [Function("A")] public static void A([RabbitMQTrigger("q"), TopicSubscription("a")] string s) { }
                [Function("B")] public static void B([RabbitMQTrigger("q", ConnectionStringSetting = "RabbitMQ"), TopicSubscription("b")] string s) { }
                [Function("OtherQueue")] public static void D([RabbitMQTrigger("r"), TopicSubscription("b")] string s) { }
                [Function("OtherBroker")] public static void E([RabbitMQTrigger("q", ConnectionStringSetting = "Other"), TopicSubscription("b")] string s) { }
                [Function("OfSomebodyElse")] public static void F([RabbitMQTrigger("q")] string s) { }
            }
            """);

        Assert.Equal([("RTF024", "Function 'A': its queue 'q' is that of function 'B', too"), ("RTF024", "Function 'B': its queue 'q' is that of function 'A', too")],
            findings.Select(finding => (finding.Id, string.Join(',', finding.Message.Split(',')[..2]))).Order());
    }

    [Fact]
    public async Task Values_that_are_in_range_or_that_a_setting_gives_are_not_spoken_of() => Assert.Empty(await Analyzed.FindingsAsync("""
        public static class C
        {
            [Function("A"), Consume(Prefetch = 65535, PartitionKey = "header:tenant", Timeout = "-1", LongRunningAfter = "%AFTER%"), ErrorPolicy(ErrorAction.Retry, Delays = "00:00:01,0:5", MaxAttempts = ErrorPolicy.Unlimited)]
            public static void A([RabbitMQTrigger("q"), TopicSubscription("a"), QueueOptions(Type = "classic", MaxPriority = 255, MaxLength = 1, Overflow = "reject-publish", MessageTtl = "1.00:00:00")] string s) { }
        }
        """));

    [Fact]
    public async Task A_name_may_have_128_letters_and_no_more()
    {
        var longest = new string('a', 128);

        Assert.Empty(await Analyzed.FindingsAsync($$"""public static class C { [Function("{{longest}}")] public static void Run({{Timer}}) { } }"""));
        Assert.Equal("RTF002", Assert.Single(await Analyzed.FindingsAsync(
            $$"""public static class C { [Function("{{longest}}a")] public static void Run({{Timer}}) { } }""")).Id);
    }

    [Fact]
    public async Task Each_mistake_of_a_function_is_said()
    {
        var findings = await Analyzed.FindingsAsync("""
            public static class C
            {
                [Function("a b"), TopicOutput("#")]
                internal static void Run([RabbitMQTrigger(""), TopicSubscription("")] Stream body, TimeProvider time) { }
            }
            """);

        Assert.Equal(
            ["RTF002", "RTF005", "RTF008", "RTF010", "RTF011", "RTF013", "RTF015", "RTF016", "RTF021"],
            findings.Select(finding => finding.Id).Order());
    }

    [Fact]
    public void Every_rule_is_explained()
    {
        var page = File.ReadAllText(Path.Combine(TestSupport.Repository.Root, "docs", "analyzer.md"));
        var rules = new FunctionsAnalyzer().SupportedDiagnostics;

        Assert.All(rules, rule => Assert.Contains($"| {rule.Id} |", page, StringComparison.Ordinal));
        Assert.Equal(rules.Length, rules.Select(rule => rule.Id).Distinct().Count());
    }

    private static async Task IsFoundAsync(string id, DiagnosticSeverity severity, string place, string message, string source)
    {
        var finding = Assert.Single(await Analyzed.FindingsAsync(source));

        Assert.Equal((id, severity, place), (finding.Id, finding.Severity, finding.Place));
        Assert.StartsWith("Function '", finding.Message, StringComparison.Ordinal);
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
    }
}
