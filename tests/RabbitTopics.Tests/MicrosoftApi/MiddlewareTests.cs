using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RabbitTopics.Tests.MicrosoftApi;

public class MiddlewareTests
{
    private readonly Builder _builder = new();
    private readonly List<string> _steps = [];

    public MiddlewareTests() => _builder.Services.AddSingleton(_steps);

    [Fact]
    public async Task Middleware_that_is_added_first_runs_outermost()
    {
        _builder.UseMiddleware(Noting("outer")).UseMiddleware<Noter>().UseMiddleware(Noting("inner"));

        await Run("one");

        Assert.Equal(["outer", "Noter 1", "inner", "function", "/inner", "/Noter", "/outer"], _steps);
    }

    [Fact]
    public async Task One_object_of_a_middleware_serves_all_invocations()
    {
        _builder.UseMiddleware<Noter>();

        await Run("one", "two");

        Assert.Equal(["Noter 1", "function", "/Noter", "Noter 2", "function", "/Noter"], _steps);
    }

    [Fact]
    public async Task Middleware_that_does_not_call_next_skips_what_follows()
    {
        _builder.UseMiddleware((_, _) => Task.CompletedTask).UseMiddleware<Noter>();

        await Run("one");

        Assert.Empty(_steps);
    }

    [Fact]
    public async Task Conditional_middleware_runs_where_its_predicate_holds_and_the_function_everywhere()
    {
        _builder
            .UseWhen<Noter>(context => context.InvocationId == "one")
            .UseWhen(context => context.InvocationId == "two", Noting("second"));

        await Run("one", "two", "three");

        Assert.Equal(["Noter 1", "function", "/Noter", "second", "function", "/second", "function"], _steps);
    }

    private Func<FunctionContext, Func<Task>, Task> Noting(string name) => async (_, next) =>
    {
        _steps.Add(name);
        await next();
        _steps.Add($"/{name}");
    };

    private async Task Run(params string[] invocations)
    {
        await using var services = _builder.Services.BuildServiceProvider();
        FunctionExecutionDelegate run = _ =>
        {
            _steps.Add("function");
            return Task.CompletedTask;
        };
        foreach (var step in Enumerable.Reverse(_builder.Steps))
        {
            run = step(run);
        }

        foreach (var invocation in invocations)
        {
            await run(new StubContext(invocation, services));
        }
    }

    private sealed class Builder : IFunctionsWorkerApplicationBuilder
    {
        public IServiceCollection Services { get; } = new ServiceCollection();

        public List<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> Steps { get; } = [];

        public IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware)
        {
            Steps.Add(middleware);
            return this;
        }
    }

    private sealed class Noter(List<string> steps) : IFunctionsWorkerMiddleware
    {
        private int _count;

        public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            steps.Add($"Noter {++_count}");
            await next(context);
            steps.Add("/Noter");
        }
    }
}
