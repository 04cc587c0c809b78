using Microsoft.Azure.Functions.Worker;
using Microsoft.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using RabbitTopics.Functions;
using RabbitTopics.StandaloneWorker.Discovery;
using RabbitTopics.StandaloneWorker.Generators;

namespace RabbitTopics.Tests.Generators;

public sealed class FunctionsGeneratorTests
{
    [Fact]
    public void A_function_is_described_with_its_attributes_and_parameters()
    {
        var function = Assert.Single(Generated.From("""
            namespace Some.App;
            public sealed record Order(int Id);
            public static class Orders
            {
                [Function("HandleOrder")]
                public static void Handle(
                    [RabbitMQTrigger("orders\n\"q\"", ConnectionStringSetting = "Broker"), TopicSubscription("a.*", Exchange = "x"), TopicSubscription("#")] Order order,
                    FunctionContext context,
                    string? routingKey = "none")
                {
                }
            }
            """).Load());

        Assert.Equal("HandleOrder", function.Name);
        Assert.Equal("Some.App.Orders.Handle", function.EntryPoint);
        Assert.Equal(["order", "context", "routingKey"], function.Parameters.Select(parameter => parameter.Name));
        var trigger = Assert.Single(function.Parameters[0].Attributes.OfType<RabbitMQTriggerAttribute>());
        Assert.Equal("orders\n\"q\"", trigger.QueueName);
        Assert.Equal("Broker", trigger.ConnectionStringSetting);
        Assert.Equal(["a.*", "#"], function.Parameters[0].Attributes.OfType<TopicSubscriptionAttribute>().Select(subscription => subscription.Topic));
        Assert.True(function.Parameters[0].IsReferenceOrNullableType);
        Assert.Equal("none", function.Parameters[2].DefaultValue);
        Assert.Empty(function.Outputs);
    }

    [Theory]
    [InlineData("public static int Run(ARGUMENTS) => 7;", 7)]
    [InlineData("public static void Run(ARGUMENTS) { }", null)]
    [InlineData("public static Task Run(ARGUMENTS) => Task.CompletedTask;", null)]
    [InlineData("public static async Task<int> Run(ARGUMENTS) { await Task.Yield(); return 7; }", 7)]
    [InlineData("public static ValueTask Run(ARGUMENTS) => default;", null)]
    [InlineData("public static async ValueTask<string?> Run(ARGUMENTS) { await Task.Yield(); return null; }", null)]
    [InlineData("public int Run(ARGUMENTS) => 7;", 7)]
    public async Task Methods_of_every_result_are_called_and_awaited(string method, int? result)
    {
        var function = Assert.Single(Generated.From($$"""
            public class F
            {
                [Function("F")]
                {{method.Replace("ARGUMENTS", "[TimerTrigger(\"* * * * * *\")] TimerInfo @class, CancellationToken token", StringComparison.Ordinal)}}
            }
            """).Load());

        Assert.Equal(result, await function.Invoke(function.CreateInstance(new ServiceCollection().BuildServiceProvider()), [new TimerInfo(), CancellationToken.None]));
    }

    [Fact]
    public async Task The_object_is_made_from_services_keyed_and_optional_ones_among_them()
    {
        var function = Assert.Single(Generated.From("""
            public class F(IServiceProvider services, TimeProvider time, [Microsoft.Extensions.DependencyInjection.FromKeyedServices("key")] string keyed, Version? missing = null)
            {
                [Function("F")]
                public string Run([TimerTrigger("* * * * * *")] TimerInfo timer) => $"{services is not null} {time is not null} {keyed} {missing is null}";
            }
            """).Load());
        var services = new ServiceCollection().AddSingleton(TimeProvider.System).AddKeyedSingleton("key", "value").BuildServiceProvider();

        Assert.Equal("True True value True", await function.Invoke(function.CreateInstance(services), [new TimerInfo()]));
    }

    [Fact]
    public void Outputs_are_those_on_the_method_or_on_the_properties_of_its_result()
    {
        var functions = Generated.From("""
            public class Base
            {
                [RabbitMQOutput(QueueName = "inherited")] public string Inherited => "1";
            }
            public sealed class Result : Base
            {
                [TopicOutput("topic")] public string Own => "2";
                public string Plain => "3";
            }
            public static class F
            {
                [Function("OnMethod"), TopicOutput("topic")]
                public static string OnMethod([TimerTrigger("* * * * * *")] TimerInfo timer) => "";

                [Function("OnProperties")]
                public static Task<Result> OnProperties([TimerTrigger("* * * * * *")] TimerInfo timer) => Task.FromResult(new Result());
            }
            """).Load().ToDictionary(function => function.Name);

        Assert.Equal(OutputDescriptor.ReturnName, Assert.Single(functions["OnMethod"].Outputs).Name);
        Assert.Equal(["Inherited", "Own"], functions["OnProperties"].Outputs.Select(output => output.Name).Order());
    }

    [Fact]
    public void Converters_come_from_the_parameter_and_then_from_its_type()
    {
        var function = Assert.Single(Generated.From("""
            public class First : IInputConverter { public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) => default; }
            public class Second : First;
            [InputConverter(typeof(Second))] public interface IThing;
            public static class F
            {
                [Function("F")]
                public static void Run([RabbitMQTrigger("q"), InputConverter(typeof(First))] IThing thing) { }
            }
            """).Load());

        var services = new ServiceCollection().BuildServiceProvider();
        Assert.Equal(["First", "Second"], function.Parameters[0].Converters.Select(make => make(services).GetType().Name));
    }

    public static readonly TheoryData<string, string, string> Mistakes = new()
    {
        { "RTF001", """[Function("F")] public static void Run([TimerTrigger("")] TimerInfo t) { } [Function("f")] public static void Other([TimerTrigger("")] TimerInfo t) { }""", "C.Run and to C.Other" },
        { "RTF013", """[Function("F"), TopicOutput("t")] public static void Run([TimerTrigger("")] TimerInfo t) { }""", "C.Run has an output attribute and returns nothing" },
        { "RTF013", """[Function("F"), RabbitMQOutput(QueueName = "q")] public static Task Run([TimerTrigger("")] TimerInfo t) => Task.CompletedTask;""", "ITopicCollector<T>" },
        { "RTF002", """[Function("")] public static void Run([TimerTrigger("")] TimerInfo t) { }""", "the name of C.Run is empty" },
        { "RTF002", """[Function("a b")] public static void Run([TimerTrigger("")] TimerInfo t) { }""", "'a b'" },
        { "RTF003", """[Function("F")] public static void Run() { }""", "no parameter has a trigger" },
        { "RTF004", """[Function("F")] public static void Run([TimerTrigger("")] TimerInfo t, [RabbitMQTrigger("q")] string s) { }""", "'s' is a trigger besides 't'" },
        { "RTF005", """[Function("F")] internal static void Run([TimerTrigger("")] TimerInfo t) { }""", "not public" },
        { "RTF005", """[Function("F")] public static void Run<T>([TimerTrigger("")] TimerInfo t) { }""", "generic" },
        { "RTF006", """[Function("F")] public static async void Run([TimerTrigger("")] TimerInfo t) { await Task.Yield(); }""", "Return Task" },
        { "RTF008", """[Function("F")] public static void Run([RabbitMQTrigger("q")] Stream s) { }""", "'s' has the unsupported type System.IO.Stream" },
        { "RTF008", """[Function("F")] public static void Run([RabbitMQTrigger("q")] IDisposable s) { }""", "System.IDisposable" },
        { "RTF008", """[Function("F")] public static void Run([RabbitMQTrigger("q")] Action s) { }""", "System.Action" },
        { "RTF007", """[Function("F")] public static void Run([RabbitMQTrigger("q")] ReadOnlySpan<byte> s) { }""", "ReadOnlySpan" },
        { "RTF007", """[Function("F")] public static void Run([RabbitMQTrigger("q")] ref string s) { }""", "is ref or out" },
        { "RTF011", """[Function("F")] public static void Run([RabbitMQTrigger("q")] string s, TimeProvider time) { }""", "Take services in the constructor" },
        { "RTF009", """[Function("F")] public static void Run([TimerTrigger("")] int t) { }""", "Use TimerInfo" },
        { "RTF009", """[Function("F")] public static void Run([TimerTrigger("")] string t) { }""", "Use TimerInfo" },
        { "RTF010", """[Function("F")] public static void Run([RabbitMQTrigger("q")] string body) { }""", "'body'" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_an_error_that_names_the_function_and_what_to_do(string id, string members, string message)
    {
        var problems = Generated.From($"public static class C {{ {members} }}").Problems;

        var problem = problems[0];
        Assert.Equal(id, problem.Id);
        Assert.Equal(DiagnosticSeverity.Error, problem.Severity);
        Assert.StartsWith("Function '", problem.GetMessage(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        Assert.Contains(message, problem.GetMessage(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        Assert.True(problem.Location.GetLineSpan().StartLinePosition.Line > 0);
    }

    [Theory]
    [InlineData("string")]
    [InlineData("byte[]")]
    [InlineData("ReadOnlyMemory<byte>")]
    [InlineData("List<int>")]
    [InlineData("IReadOnlyList<string>")]
    [InlineData("Dictionary<string, int?>")]
    [InlineData("int")]
    [InlineData("DateTimeOffset?")]
    [InlineData("TopicMessage")]
    [InlineData("TopicMessage<List<int?>>")]
    [InlineData("TopicMessage<string?>")]
    [InlineData("(int, string)")]
    public void A_body_can_be_taken_as(string type) => Assert.Single(Generated.From($$"""
        public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] {{type}} message) { } }
        """).Load());

    [Fact]
    public void A_function_with_a_mistake_does_not_take_the_others_with_it()
    {
        var generated = Generated.From("""
            public static class C
            {
                [Function("Bad")] public static void Bad() { }
                [Function("Good")] public static void Good([TimerTrigger("* * * * * *")] TimerInfo timer) { }
            }
            """);

        Assert.Single(generated.Problems);
        Assert.Contains("\"Good\"", generated.Compilation.SyntaxTrees.Last().ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("\"Bad\"", generated.Compilation.SyntaxTrees.Last().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_functions_nothing_is_written() =>
        Assert.Single(Generated.From("public class C;").Compilation.SyntaxTrees);

    [Fact]
    public void An_edit_elsewhere_writes_nothing_again()
    {
        var compilation = Generated.Compile("""
            public static class C { [Function("F")] public static void Run([TimerTrigger("* * * * * *")] TimerInfo timer) { } }
            """);
        GeneratorDriver driver = Generated.CreateDriver();
        driver = driver.RunGenerators(compilation, TestContext.Current.CancellationToken);

        var edited = compilation.AddSyntaxTrees(Generated.Compile("public class Unrelated;").SyntaxTrees);
        var steps = driver.RunGenerators(edited, TestContext.Current.CancellationToken).GetRunResult().Results[0].TrackedSteps[FunctionsGenerator.FunctionsStep];

        Assert.All(steps.SelectMany(step => step.Outputs), output =>
            Assert.True(output.Reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, output.Reason.ToString()));
    }
}
