using System.Collections.Immutable;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.DependencyInjection;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.SelfHost;
using RabbitTopics.Functions.SelfHost.Invocation;
using RabbitTopics.Startup;

namespace RabbitTopics.Tests.SelfHost;

/// <summary>What an app that hosts itself makes of the metadata of its functions.</summary>
public sealed class FunctionLoaderTests
{
    private const string Timer = """{"name":"value","type":"timerTrigger","direction":"In","schedule":"0 0 0 1 1 *"}""";
    private const string RabbitMQ = """{"name":"value","type":"rabbitMQTrigger","direction":"In","queueName":"q","hostName":"127.0.0.1"}""";

    [Fact]
    public void Functions_with_RabbitMQ_and_timer_triggers_are_found()
    {
        var (found, problems) = Load(Function("A", RabbitMQ), Function("B", Timer, """{"name":"$return","type":"rabbitMQ","direction":"Out","queueName":"q","hostName":"127.0.0.1"}"""));

        Assert.Empty(problems);
        Assert.Equal(["A: RabbitMQ trigger, queue 'q'", "B: timer trigger, schedule '0 0 0 1 1 *'"], found);
    }

    [Theory]
    [InlineData("has no httpTrigger. It has rabbitMQTrigger and timerTrigger. Run the app in a Functions host ('func start', Azure), or disable the function here: AzureWebJobs.F.Disabled=true",
        """{"name":"value","type":"httpTrigger","direction":"In","methods":["get"]}""", """{"name":"$return","type":"http","direction":"Out"}""")]
    [InlineData("has no input 'blob'", Timer, """{"name":"content","type":"blob","direction":"In"}""")]
    [InlineData("has no output 'blob'", Timer, """{"name":"$return","type":"blob","direction":"Out"}""")]
    [InlineData("it has no trigger, or several")]
    [InlineData("it has no trigger, or several", Timer, RabbitMQ)]
    [InlineData("its method has no parameter 'other'", """{"name":"other","type":"timerTrigger","direction":"In","schedule":"0 0 0 1 1 *"}""")]
    [InlineData("[RabbitMQOutput] names no queue", Timer, """{"name":"$return","type":"rabbitMQ","direction":"Out","hostName":"127.0.0.1"}""")]
    [InlineData("the schedule 'soon' is neither", """{"name":"value","type":"timerTrigger","direction":"In","schedule":"soon"}""")]
    public void What_it_does_not_serve_is_named_with_what_to_do(string problem, params string[] bindings)
    {
        var said = Assert.Single(Load(Function("F", bindings)).Problems);

        Assert.StartsWith("Function 'F': ", said, StringComparison.Ordinal);
        Assert.Contains(problem, said, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_with_a_function_is_said_at_once()
    {
        var (_, problems) = Load(Function("F", """{"name":"value","type":"timerTrigger","direction":"In","schedule":"soon"}""",
            """{"name":"content","type":"blob","direction":"In"}""", """{"name":"$return","type":"rabbitMQ","direction":"Out","hostName":"127.0.0.1"}"""));

        Assert.Collection(problems,
            problem => Assert.Contains("the schedule 'soon' is neither", problem, StringComparison.Ordinal),
            problem => Assert.Contains("[RabbitMQOutput] names no queue", problem, StringComparison.Ordinal),
            problem => Assert.Contains("has no input 'blob'", problem, StringComparison.Ordinal));
    }

    [Fact]
    public void A_function_whose_method_is_gone_is_named_with_what_to_do()
    {
        var function = Function("F", Timer);
        function.EntryPoint = $"{typeof(FunctionLoaderTests).FullName}.Gone";

        var exception = Assert.Throws<InvalidOperationException>(() => Load(function));
        Assert.Contains("Function 'F': there is no method RabbitTopics.Tests.SelfHost.FunctionLoaderTests.Gone", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_workers_internals_are_those_that_are_used()
    {
        using var app = App(Function("F", Timer));
        var function = LoadedFunction.Load(app.Services.GetRequiredService<IReadOnlyList<FunctionDescription>>()[0], app.Services.GetRequiredService<InputConverters>());

        Assert.Null(WorkerInternals.Check(new InvocationContext(function, new ValueTrigger("", ""), app.Services.GetRequiredService<IServiceScopeFactory>(), CancellationToken.None)));
    }

    /// <summary>Is what the functions of these tests are. Public, as Microsoft's worker looks for public methods.</summary>
    public static string Run(string value) => value;

    private static (string[] Found, IReadOnlyList<string> Problems) Load(params DefaultFunctionMetadata[] functions)
    {
        using var app = App(functions);
        var found = app.Services.GetRequiredService<FunctionLoader>().Load();
        return ([.. found.Select(function => function.Summary)], app.Services.GetRequiredService<StartupProblems>().All);
    }

    private static Microsoft.Extensions.Hosting.IHost App(params DefaultFunctionMetadata[] functions)
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.UseRabbitTopics();
        builder.Services.AddSingleton<IFunctionMetadataProvider>(new Metadata(functions));
        return builder.Build();
    }

    private static DefaultFunctionMetadata Function(string name, params string[] bindings) => new()
    {
        Name = name,
        EntryPoint = $"{typeof(FunctionLoaderTests).FullName}.{nameof(Run)}",
        ScriptFile = $"{typeof(FunctionLoaderTests).Assembly.GetName().Name}.dll",
        RawBindings = bindings,
    };

    private sealed class Metadata(IFunctionMetadata[] functions) : IFunctionMetadataProvider
    {
        public Task<ImmutableArray<IFunctionMetadata>> GetFunctionMetadataAsync(string directory) => Task.FromResult(ImmutableArray.Create(functions));
    }
}
