using Microsoft.Azure.Functions.Worker;
using Microsoft.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;

namespace RabbitTopics.Tests.Generators;

/// <summary>Source that is legal and rare. What the generator writes for it must compile without a warning and do the right thing.</summary>
public sealed class HardCaseTests
{
    private const string Timer = "[TimerTrigger(\"* * * * * *\")] TimerInfo timer";

    private static readonly IServiceProvider NoServices = new ServiceCollection().BuildServiceProvider();

    public static readonly TheoryData<string, string> LegalSource = new()
    {
        { "nullable type arguments", $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] List<string?> message) { } }""" },
        { "nullable record", $$"""public record R; public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] R? message) { } }""" },
        { "tuple with names", $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] (int A, string? B) message) { } }""" },
        { "dynamic", $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] dynamic message) { } }""" },
        { "obsolete class", $$"""[Obsolete("old")] public class C { [Function("F")] public void Run({{Timer}}) { } }""" },
        { "obsolete type in the signature", "#pragma warning disable CS0612\n" + """[Obsolete] public record R; public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] R message) { } }""" },
        { "class in a static class", $$"""public static class Outer { public class C { [Function("F")] public void Run({{Timer}}) { } } }""" },
        { "class in an abstract class", $$"""public abstract class Outer { public class C { [Function("F")] public void Run({{Timer}}) { } } }""" },
        { "optional value-type service", $$"""public class C(int size = 5) { [Function("F")] public void Run({{Timer}}) { } }""" },
        { "optional nullable value-type service", $$"""public class C(int? size = null) { [Function("F")] public void Run({{Timer}}) { } }""" },
        { "nullable service", $$"""public class C(Version? version) { [Function("F")] public void Run({{Timer}}) { } }""" },
        { "service with nullable type arguments", $$"""public class C(List<string?> list) { [Function("F")] public void Run({{Timer}}) { } }""" },
        { "keywords everywhere", $$"""namespace @namespace; public class @class { [Function("F")] public @class @new([RabbitMQTrigger("q")] @class @event) => @event; }""" },
        { "in parameter", $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] in int message) { } }""" },
        { "params", $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] params string[] message) { } }""" },
        { "nullable task", $$"""public static class C { [Function("F")] public static Task? Run({{Timer}}) => Task.CompletedTask; }""" },
        { "result with nullable items", $$"""public static class C { [Function("F")] public static Task<List<string?>> Run({{Timer}}) => Task.FromResult(new List<string?>()); }""" },
        { "private attribute", $$"""public static class C { private sealed class MarkAttribute : Attribute; [Function("F"), Mark] public static void Run({{Timer}}) { } }""" },
        { "public attribute in a private class", $$"""public static class C { private static class P { public sealed class MarkAttribute : Attribute; } [Function("F"), P.Mark] public static void Run({{Timer}}) { } }""" },
        { "attribute with a private type", $$"""public sealed class MarkAttribute(Type t) : Attribute { public Type T => t; } public static class C { private sealed class P; [Function("F"), Mark(typeof(P))] public static void Run({{Timer}}) { } }""" },
        { "attribute with a file-local type", $$"""file sealed class MarkAttribute : Attribute; public static class C { [Function("F"), Mark] public static void Run({{Timer}}) { } }""" },
        { "JSON node", $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] System.Text.Json.Nodes.JsonNode message) { } }""" },
        { "immutable list interface", $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] System.Collections.Immutable.IImmutableList<int> message) { } }""" },
        { "polymorphic base", $$"""[System.Text.Json.Serialization.JsonDerivedType(typeof(D))] public abstract record B; public record D : B; public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] B message) { } }""" },
    };

    [Theory]
    [MemberData(nameof(LegalSource))]
    public void Legal_source_gives_code_without_warnings(string what, string source)
    {
        Assert.NotEmpty(what);
        var generated = Generated.From(source);

        Assert.Empty(generated.Problems);
        Assert.Empty(generated.Compilation.GetDiagnostics().Where(diagnostic =>
            diagnostic.Severity >= DiagnosticSeverity.Warning && diagnostic.Location.SourceTree != generated.Compilation.SyntaxTrees.First()));
        Assert.Equal(2, generated.Compilation.SyntaxTrees.Count());
        Assert.True(generated.Compilation.Emit(Stream.Null).Success);
    }

    [Theory]
    [InlineData("int n = -5", -5)]
    [InlineData("sbyte n = -5", (sbyte)-5)]
    [InlineData("long n = long.MinValue", long.MinValue)]
    [InlineData("ulong n = ulong.MaxValue", ulong.MaxValue)]
    [InlineData("double n = double.NegativeInfinity", double.NegativeInfinity)]
    [InlineData("float n = 0.1f", 0.1f)]
    [InlineData("char n = '\\''", '\'')]
    [InlineData("string n = \"\\0\\u00e9\\ud83d\\ude00\\\"\\\\\"", "\0\u00e9\ud83d\ude00\"\\")]
    [InlineData("int? n = 3", 3)]
    [InlineData("int? n = null", null)]
    [InlineData("DayOfWeek n = DayOfWeek.Friday", DayOfWeek.Friday)]
    [InlineData("DayOfWeek n = (DayOfWeek)(-1)", (DayOfWeek)(-1))]
    [InlineData("DayOfWeek? n = DayOfWeek.Friday", DayOfWeek.Friday)]
    [InlineData("Guid? n = null", null)]
    public async Task A_default_value_has_its_value_and_exact_type(string parameter, object? value)
    {
        var function = Assert.Single(Generated.From($$"""
            public static class C { [Function("F")] public static object? Run({{Timer}}, {{parameter}}) => n; }
            """).Load());

        Assert.True(function.Parameters[1].HasDefaultValue);
        Assert.Equal(value, function.Parameters[1].DefaultValue);
        Assert.Equal(value?.GetType(), function.Parameters[1].DefaultValue?.GetType());
        Assert.Equal(value, await function.Invoke(null, [new TimerInfo(), function.Parameters[1].DefaultValue]));
    }

    [Theory]
    [InlineData("nint n = 5")]
    [InlineData("decimal n = 1.50m")]
    [InlineData("Guid n = default")]
    [InlineData("CancellationToken n = default")]
    [InlineData("[System.Runtime.InteropServices.Optional, System.Runtime.CompilerServices.DateTimeConstant(5)] DateTime n")]
    public async Task A_default_value_can_be_passed_on(string parameter)
    {
        var function = Assert.Single(Generated.From($$"""
            public static class C { [Function("F")] public static string? Run({{Timer}}, {{parameter}}) => n.GetType().Name; }
            """).Load());

        Assert.Equal(function.Parameters[1].Type.Name, await function.Invoke(null, [new TimerInfo(), function.Parameters[1].DefaultValue]));
    }

    [Fact]
    public void An_attribute_is_made_by_the_constructor_that_the_source_names()
    {
        var function = Assert.Single(Generated.From($$"""
            [Flags] public enum Bits : short { None = 0, A = 1, Sign = short.MinValue }
            public sealed class AllAttribute : Attribute
            {
                public AllAttribute(object value) => Text = $"object {value}";
                public AllAttribute(string? value) => Text = $"string {value ?? "null"}";
                public AllAttribute(int number, params object?[] more) => Text = $"{number} {more.Length} {string.Join(",", more)}";
                public string Text { get; }
                public Type? @Type { get; set; }
                public Bits[]? Bits { get; set; }
                public string? @class;
                public override string ToString() => $"{Text}|{Type}|{Bits?[0]}|{@class}";
            }
            public static class C
            {
                [Function("F"), All(1, 2, "x", typeof(int), Bits.Sign, null, Type = typeof(Dictionary<,>), Bits = new[] { Bits.Sign }, @class = "a\nb")]
                public static void Run([TimerTrigger("* * * * * *"), All((object)"o")] TimerInfo timer, [All(null)] int size = 0) { }
            }
            """).Load());

        Assert.Equal("1 5 2,x,System.Int32,Sign,|System.Collections.Generic.Dictionary`2[TKey,TValue]|Sign|a\nb", function.Attributes[1].ToString());
        Assert.Equal("object o|||", function.Parameters[0].Attributes[1].ToString());
        Assert.Equal("string null|||", function.Parameters[1].Attributes[0].ToString());
    }

    [Fact]
    public void A_converter_on_a_base_class_is_inherited_as_by_reflection()
    {
        var function = Assert.Single(Generated.From($$"""
            public class Conv : IInputConverter { public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) => default; }
            [InputConverter(typeof(Conv))] public class Base;
            public class Derived : Base;
            public static class C { [Function("F")] public static void Run({{Timer}}, Derived value) { } }
            """).Load());

        Assert.Single(function.Parameters[1].Converters);
    }

    [Fact]
    public async Task Optional_services_fall_back_keyed_ones_too_and_the_marked_constructor_wins()
    {
        var functions = Generated.From($$"""
            using Microsoft.Extensions.DependencyInjection;
            public class Optional([FromKeyedServices("k")] string text = "none", int size = 5, Version? version = null)
            {
                [Function("Optional")] public string Run({{Timer}}) => $"{text} {size} {version}";
            }
            public class Marked
            {
                private readonly string _by;
                [ActivatorUtilitiesConstructor] public Marked() => _by = "marked";
                public Marked(Version version) => _by = "longest";
                [Function("Marked")] public string Run({{Timer}}) => _by;
            }
            """).Load().ToDictionary(function => function.Name);

        Assert.Equal("none 5 ", await functions["Optional"].Invoke(functions["Optional"].CreateInstance(NoServices), [new TimerInfo()]));
        var services = new ServiceCollection().AddKeyedSingleton("k", "keyed").AddSingleton(new Version(1, 2)).BuildServiceProvider();
        Assert.Equal("keyed 5 1.2", await functions["Optional"].Invoke(functions["Optional"].CreateInstance(services), [new TimerInfo()]));
        Assert.Equal("marked", await functions["Marked"].Invoke(functions["Marked"].CreateInstance(NoServices), [new TimerInfo()]));
    }

    [Fact]
    public void A_property_that_is_overridden_or_hidden_is_one_output()
    {
        var function = Assert.Single(Generated.From($$"""
            public class Base
            {
                [RabbitMQOutput(QueueName = "base")] public virtual string A => "base";
                [RabbitMQOutput(QueueName = "base")] public string B => "base";
            }
            public class Derived : Base
            {
                [RabbitMQOutput(QueueName = "derived")] public override string A => "derived";
                [RabbitMQOutput(QueueName = "derived")] public new string B => "derived";
                [RabbitMQOutput(QueueName = "static")] public static string C => "static";
            }
            public static class F { [Function("F")] public static Derived? Run({{Timer}}) => new(); }
            """).Load());

        Assert.Equal(["A", "B"], function.Outputs.Select(output => output.Name).Order());
        Assert.All(function.Outputs, output => Assert.Equal("derived", ((RabbitMQOutputAttribute)output.Attributes[0]).QueueName));
    }

    [Fact]
    public async Task Outputs_of_a_struct_result_are_read()
    {
        var function = Assert.Single(Generated.From($$"""
            public struct R { [TopicOutput("t")] public int @class => 4; }
            public static class F { [Function("F")] public static ValueTask<R?> Run({{Timer}}) => new(new R()); }
            """).Load());

        var output = Assert.Single(function.Outputs);
        Assert.Equal("class", output.Name);
        Assert.Equal(4, output.Read((await function.Invoke(null, [new TimerInfo()]))!));
    }

    public static readonly TheoryData<string> Mistakes =
    [
        // A local function is no method of a class: silence would mean a function that never runs.
        $$"""public static class C { public static void M() { [Function("F")] static void Run({{Timer}}) { } } }""",
        $$"""public static class C { [Function("F")] public static ref int Run([RabbitMQTrigger("q")] ref int message) => ref message; }""",
        $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] out int message) => message = 0; }""",
        $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] ref readonly int message) { } }""",
        $$"""public static class C { [Function("F")] public static Span<byte> Run({{Timer}}) => default; }""",
        $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] Stream[] message) { } }""",
        $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] IReadOnlyList<Stream> message) { } }""",
        $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] IComparer<int> message) { } }""",
        $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] IAsyncEnumerable<int> message) { } }""",
        $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] int[,] message) { } }""",
        $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] Task<int> message) { } }""",
        $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] ValueTask<int> message) { } }""",
        $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] string message, Guid routingKey) { } }""",
        $$"""public static class C { [Function("F")] public static void Run({{Timer}}, string routingKey) { } }""",
        $$"""public class C { public required string Name { get; init; } [Function("F")] public void Run({{Timer}}) { } }""",
        $$"""public class C { public C(out int n) => n = 0; [Function("F")] public void Run({{Timer}}) { } }""",
        $$"""public class C { private C() { } [Function("F")] public void Run({{Timer}}) { } }""",
        $$"""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q"), InputConverter(typeof(string))] Version message) { } }""",
        $$"""public static class C { private sealed class P : IInputConverter { public ValueTask<ConversionResult> ConvertAsync(ConverterContext c) => default; } [Function("F")] public static void Run([RabbitMQTrigger("q"), InputConverter(typeof(P))] Version message) { } }""",
        $$"""public class K : IInputConverter { private K() { } public ValueTask<ConversionResult> ConvertAsync(ConverterContext c) => default; } public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q"), InputConverter(typeof(K))] Version message) { } }""",
        $$"""public interface I { [Function("F")] public static void Run({{Timer}}) { } }""",
        $$"""public static class Outer { internal static class C { [Function("F")] public static void Run({{Timer}}) { } } }""",
        $$"""public static class Outer<T> { public static class C { [Function("F")] public static void Run({{Timer}}) { } } }""",
    ];

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_said_once_and_leaves_no_code_that_does_not_compile(string source)
    {
        var generated = Generated.From(source);

        var problem = Assert.Single(generated.Problems);
        Assert.Equal(DiagnosticSeverity.Error, problem.Severity);
        Assert.Contains("Function 'F'", problem.GetMessage(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        Assert.Single(generated.Compilation.SyntaxTrees);
    }

    [Theory]
    [InlineData("""public static class C { [Function] public static void Run([TimerTrigger("")] TimerInfo timer) { } }""")]
    [InlineData("""public static class C { [Function("F")] public static void Run([NoSuchTrigger("")] string text) { } }""")]
    [InlineData("""public static class C { [Function("F")] public static void Run([RabbitMQTrigger("q")] NoSuchType message) { } }""")]
    [InlineData("""public static class C { [Function("F")] public static NoSuchType Run([TimerTrigger("")] TimerInfo timer) => null!; }""")]
    [InlineData("""public static class C { [Function("F"), Mark(NoSuch.Value)] public static void Run([TimerTrigger("")] TimerInfo timer) { } } public class MarkAttribute(int n) : Attribute { public int N => n; }""")]
    [InlineData("""public static class C { [Function("F")] public static void Run([TimerTrigger(""), InputConverter(typeof(NoSuch))] TimerInfo timer) { } }""")]
    public void Source_that_does_not_compile_gets_no_further_error_from_the_generator(string source)
    {
        var generated = Generated.From(source);

        Assert.DoesNotContain(generated.Problems, problem => problem.Severity == DiagnosticSeverity.Error || problem.Id == "CS8785");
        Assert.DoesNotContain(generated.Compilation.GetDiagnostics(), diagnostic =>
            diagnostic.Severity == DiagnosticSeverity.Error && diagnostic.Location.SourceTree != generated.Compilation.SyntaxTrees.First());
    }

    [Fact]
    public void An_edit_that_only_moves_a_function_writes_no_code_anew()
    {
        const string source = """public static class C { [Function("F")] public static void Run([TimerTrigger("* * * * * *")] TimerInfo timer) { } }""";
        var first = Generated.Compile(source);
        var moved = first.ReplaceSyntaxTree(first.SyntaxTrees[0], first.SyntaxTrees[0].WithChangedText(
            Microsoft.CodeAnalysis.Text.SourceText.From(first.SyntaxTrees[0].ToString().Replace("public static class C", "\n\n// more\npublic static class C", StringComparison.Ordinal))));
        var driver = Generated.CreateDriver().RunGenerators(first, TestContext.Current.CancellationToken);

        var result = driver.RunGenerators(moved, TestContext.Current.CancellationToken).GetRunResult().Results[0];

        var code = result.TrackedOutputSteps.SelectMany(step => step.Value).SelectMany(step => step.Outputs)
            .Where(output => output.Value is not null).Select(output => output.Reason);
        Assert.Contains(code, reason => reason == IncrementalStepRunReason.Cached);
    }
}
