using Microsoft.Azure.Functions.Worker.Middleware;

namespace RabbitTopics.StandaloneWorker.Invocation;

/// <summary>The app's middleware, in the order it was added.</summary>
internal sealed class FunctionPipeline
{
    private readonly List<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> _middleware = [];

    public void Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware) => _middleware.Add(middleware);

    /// <summary>One delegate that runs all of it, and the given one at the end.</summary>
    public FunctionExecutionDelegate Build(FunctionExecutionDelegate end)
    {
        var run = end;
        for (var index = _middleware.Count - 1; index >= 0; index--)
        {
            run = _middleware[index](run);
        }

        return run;
    }
}
