using System.Collections;
using System.Runtime.ExceptionServices;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Invocation;
using Microsoft.Azure.Functions.Worker.Middleware;
using RabbitTopics.Connections;
using RabbitTopics.Functions.Binding;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Messages;
using RabbitTopics.Topics;

namespace RabbitTopics.Functions.Middleware;

/// <summary>Publishes what a function leaves for its <c>[TopicOutput]</c>s. It runs inside the invocation, so a publish that
/// fails is a failure of the invocation, and its trigger's message is not settled as done.</summary>
internal sealed class TopicOutputMiddleware(
    IReadOnlyList<FunctionDescription> functions, IFunctionExecutor executor, ITopicPublisher publisher, SettingReferences settings, JsonBody json) : IFunctionsWorkerMiddleware
{
    private readonly TopicOutputWriter _writer = new(publisher, settings);

    private readonly Dictionary<string, FunctionDescription> _functions = functions
        .Where(function => function.Outputs.Count + function.Collectors.Count > 0)
        .DistinctBy(function => function.Name, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(function => function.Name, StringComparer.OrdinalIgnoreCase);

    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next) =>
        _functions.TryGetValue(context.FunctionDefinition.Name, out var function) ? InvokeAsync(function, context, next) : next(context);

    private async Task InvokeAsync(FunctionDescription function, FunctionContext context, FunctionExecutionDelegate next)
    {
        var resultKeeper = new ResultKeeper(executor);
        context.Features.Set<IFunctionExecutor>(resultKeeper);
        if (function.Collectors.Count == 0)
        {
            await next(context);
        }
        else
        {
            await CollectAsync(context, next);
        }

        // A middleware may have put another result in the place of the function's, or none.
        var kept = context.FunctionDefinition.OutputBindings.Count > 0 ? resultKeeper.Result : null;
        if ((context.GetInvocationResult().Value ?? kept) is not { } result)
        {
            return;
        }

        foreach (var output in function.Outputs)
        {
            if (output.Read(result) is { } value)
            {
                await WriteAsync(output.Attribute, value);
            }
        }
    }

    /// <summary>Keeps what the function returned: where some of its outputs are bindings of the host, the worker's own middleware, which is
    /// nearer to the function than ours, takes the result apart and leaves null.</summary>
    private sealed class ResultKeeper(IFunctionExecutor executor) : IFunctionExecutor
    {
        public object? Result { get; private set; }

        public async ValueTask ExecuteAsync(FunctionContext context)
        {
            await executor.ExecuteAsync(context);
            Result = context.GetInvocationResult().Value;
        }
    }

    /// <summary>Runs the function, and waits for what its collectors publish, also where it fails: nothing of an invocation is left running
    /// when it ends.</summary>
    private static async Task CollectAsync(FunctionContext context, FunctionExecutionDelegate next)
    {
        var publishes = new CollectedPublishes();
        context.Features.Set(publishes);
        try
        {
            await next(context);
        }
        catch
        {
            await publishes.CloseAsync();
            throw;
        }

        if (await publishes.CloseAsync() is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Writes a value, or each of a collection of them. Whether or not its time is over: the function has succeeded, and what it leaves is part of that.</summary>
    private Task WriteAsync(TopicOutputAttribute output, object value) => value is IEnumerable items && json.IsCollection(items)
        ? PublishBatch.RunAsync(items.Cast<object?>().OfType<object>(), item => _writer.WriteAsync(output, item, CancellationToken.None))
        : _writer.WriteAsync(output, value, CancellationToken.None);
}
