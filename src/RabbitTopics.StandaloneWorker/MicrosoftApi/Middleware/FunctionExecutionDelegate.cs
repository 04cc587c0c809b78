namespace Microsoft.Azure.Functions.Worker.Middleware;

/// <summary>A step of the pipeline, with all that follow it, the function last.</summary>
/// <param name="context">The invocation.</param>
public delegate Task FunctionExecutionDelegate(FunctionContext context);
