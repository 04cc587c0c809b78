using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace RabbitTopics.Conformance.App;

/// <summary>Leaves something for the function.</summary>
public class StockMiddleware : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        context.Items["class middleware"] = context.FunctionDefinition.Name;
        await next(context);
    }
}

/// <summary>Changes what goes into the function and what comes out of it.</summary>
public class StockChangingMiddleware : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        var trigger = context.FunctionDefinition.InputBindings.Values.First(binding => binding.Type.EndsWith("Trigger", StringComparison.Ordinal));
        var order = await context.BindInputAsync<Item>(trigger);
        order.Value = order.Value! with { Text = $"{order.Value.Text} (changed)" };

        await next(context);

        foreach (var output in context.GetOutputBindings<string>().Where(output => output.Value == "second"))
        {
            output.Value = $"{output.Value} of {output.BindingType} changed";
        }
    }
}
