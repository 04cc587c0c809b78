namespace RabbitTopics.StandaloneWorker.Invocation;

/// <summary>The end of the pipeline: binds the parameters, makes the function's object and calls it.</summary>
internal static class FunctionExecutor
{
    public static async Task ExecuteAsync(StandaloneFunctionContext context, FunctionBindings bindings)
    {
        var descriptor = context.Function.Descriptor;
        var arguments = new object?[descriptor.Parameters.Count];
        for (var index = 0; index < arguments.Length; index++)
        {
            arguments[index] = await bindings.BindInputAsync(descriptor.Parameters[index], descriptor.Parameters[index].Type);
        }

        var instance = descriptor.CreateInstance(context.InstanceServices);
        try
        {
            bindings.SetResult(await descriptor.Invoke(instance, arguments));
        }
        finally
        {
            switch (instance)
            {
                case IAsyncDisposable disposable:
                    await disposable.DisposeAsync();
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }
        }
    }
}
