namespace Microsoft.Azure.Functions.Worker.Middleware;

/// <summary>Runs around every function. One object serves all invocations, also at the same time.</summary>
public interface IFunctionsWorkerMiddleware
{
    /// <summary>Runs around one invocation, which has succeeded when this returns and failed when it throws.</summary>
    /// <param name="context">The invocation.</param>
    /// <param name="next">What follows, the function last. Not calling it skips the function.</param>
    Task Invoke(FunctionContext context, FunctionExecutionDelegate next);
}
