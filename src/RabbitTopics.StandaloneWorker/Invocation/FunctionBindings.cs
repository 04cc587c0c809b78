using RabbitTopics.StandaloneWorker.Binding;
using RabbitTopics.StandaloneWorker.Discovery;

namespace RabbitTopics.StandaloneWorker.Invocation;

/// <summary>The values that go into a function and come out of it, as a feature of its context: middleware sees them and may
/// replace them.</summary>
internal sealed class FunctionBindings(StandaloneFunctionContext context, ParameterBinder binder)
{
    private readonly Dictionary<string, object?> _inputs = new(context.Function.Descriptor.Parameters.Count);

    /// <summary>What the function returned; null before it has run, and where it returns nothing.</summary>
    public object? InvocationResult { get; set; }

    /// <summary>What the bound properties of the result hold, by property name; empty before the function has run.</summary>
    public Dictionary<string, object?> OutputValues => field ??= [];

    /// <summary>The value of a parameter: the one that was bound or set before, else the one that the converters give.</summary>
    public ValueTask<object?> BindInputAsync(string parameterName, Type targetType) =>
        BindInputAsync(context.Function.Descriptor.Parameters.Single(candidate => candidate.Name == parameterName), targetType);

    /// <summary>The value of a parameter: the one that was bound or set before, else the one that the converters give.</summary>
    public async ValueTask<object?> BindInputAsync(ParameterDescriptor parameter, Type targetType)
    {
        if (!_inputs.TryGetValue(parameter.Name, out var value))
        {
            value = await binder.BindAsync(context, parameter, targetType);
            _inputs.Add(parameter.Name, value);
        }

        return value;
    }

    /// <summary>Sets the value that the function gets for a parameter.</summary>
    public void SetInput(string parameterName, object? value) => _inputs[parameterName] = value;

    /// <summary>Takes what the function returned.</summary>
    public void SetResult(object? result)
    {
        InvocationResult = result;
        if (result is null)
        {
            return;
        }

        foreach (var output in context.Function.Descriptor.Outputs)
        {
            if (output.Name != OutputDescriptor.ReturnName && context.Function.OutputBindings.ContainsKey(output.Name))
            {
                OutputValues[output.Name] = output.Read(result);
            }
        }
    }

    /// <summary>What goes to an output.</summary>
    public object? OutputValue(OutputDescriptor output) =>
        output.Name == OutputDescriptor.ReturnName ? InvocationResult : OutputValues.GetValueOrDefault(output.Name);
}
