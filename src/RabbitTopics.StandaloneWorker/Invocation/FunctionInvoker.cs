using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using RabbitTopics.StandaloneWorker.Binding;
using RabbitTopics.StandaloneWorker.Outputs;

namespace RabbitTopics.StandaloneWorker.Invocation;

/// <summary>Runs one invocation from start to end: services of its own, the middleware and the function, then the
/// outputs. It has succeeded when this returns.</summary>
internal sealed class FunctionInvoker(
    IServiceScopeFactory scopes, FunctionPipeline pipeline, ParameterBinder binder, RabbitMQOutputWriter outputs)
{
    private readonly FunctionExecutionDelegate _run = pipeline.Build(context =>
        FunctionExecutor.ExecuteAsync((StandaloneFunctionContext)context, context.Features.Get<FunctionBindings>()!));

    public async Task InvokeAsync(StandaloneFunctionDefinition function, FunctionTrigger trigger, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = new StandaloneFunctionContext(function, trigger, scope.ServiceProvider, cancellationToken);
        var bindings = new FunctionBindings(context, binder);
        trigger.Features.Set(bindings);
        await _run(context);
        await outputs.WriteAsync(function, bindings, cancellationToken);
    }
}
