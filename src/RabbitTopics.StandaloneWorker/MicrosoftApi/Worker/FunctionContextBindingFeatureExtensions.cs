using RabbitTopics.StandaloneWorker.Invocation;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Shows middleware the values that go into a function and come out of it, and lets it replace them.</summary>
public static class FunctionContextBindingFeatureExtensions
{
    /// <summary>Binds a parameter ahead of the function, which then gets the same value: a second call converts nothing, so ask
    /// for the parameter's own type.</summary>
    /// <typeparam name="T">The type that the value is wanted as.</typeparam>
    /// <param name="context">The invocation.</param>
    /// <param name="bindingMetadata">The parameter's binding, one of <see cref="FunctionDefinition.InputBindings"/>.</param>
    /// <exception cref="FunctionInputConverterException">The value cannot be read as this type.</exception>
    /// <exception cref="InvalidCastException">The parameter was bound before, as another type.</exception>
    public static async ValueTask<InputBindingData<T>> BindInputAsync<T>(this FunctionContext context, BindingMetadata bindingMetadata)
    {
        ArgumentNullException.ThrowIfNull(bindingMetadata);
        var bindings = Bindings(context);
        var value = await bindings.BindInputAsync(bindingMetadata.Name, typeof(T));
        return new Input<T>(bindings, bindingMetadata, value is null ? default : (T)value);
    }

    /// <summary>What the function returned; null before it has run, and where it returns nothing.</summary>
    /// <param name="context">The invocation.</param>
    public static InvocationResult GetInvocationResult(this FunctionContext context) => new Result(Bindings(context));

    /// <summary>What the function returned.</summary>
    /// <typeparam name="T">The type that it is wanted as.</typeparam>
    /// <param name="context">The invocation.</param>
    /// <exception cref="InvalidOperationException">There is no result, or it is of another type. To put a result where there is
    /// none, use <see cref="GetInvocationResult(FunctionContext)"/>.</exception>
    public static InvocationResult<T> GetInvocationResult<T>(this FunctionContext context)
    {
        var bindings = Bindings(context);
        return bindings.InvocationResult is T value
            ? new Result<T>(bindings, value)
            : throw new InvalidOperationException(
                $"Function '{context.FunctionDefinition.Name}' has {Describe(bindings.InvocationResult)}, not one of type {typeof(T)}.");
    }

    /// <summary>What the function's output bindings write, one entry for each of them. They have values when the function has run.
    /// The value of <c>$return</c> is not here but in <see cref="GetInvocationResult(FunctionContext)"/>.</summary>
    /// <typeparam name="T">The type that values are wanted as; one of another type is shown as the type's default.</typeparam>
    /// <param name="context">The invocation.</param>
    public static IEnumerable<OutputBindingData<T>> GetOutputBindings<T>(this FunctionContext context)
    {
        var bindings = Bindings(context);
        return context.FunctionDefinition.OutputBindings.Select(binding => new Output<T>(
            bindings,
            binding.Key,
            binding.Value.Type,
            bindings.OutputValues.TryGetValue(binding.Key, out var value) && value is T wanted ? wanted : default));
    }

    private static string Describe(object? result) => result is null ? "no result" : $"a result of type {result.GetType()}";

    private static FunctionBindings Bindings(FunctionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<FunctionBindings>()
            ?? throw new InvalidOperationException("This context does not come from the standalone worker: it has no bindings.");
    }

    private sealed class Input<T>(FunctionBindings bindings, BindingMetadata metadata, T? value) : InputBindingData<T>
    {
        private T? _value = value;

        public override BindingMetadata BindingMetadata => metadata;

        public override T? Value
        {
            get => _value;
            set => bindings.SetInput(metadata.Name, _value = value);
        }
    }

    private sealed class Output<T>(FunctionBindings bindings, string name, string bindingType, T? value) : OutputBindingData<T>
    {
        private T? _value = value;

        public override string Name => name;

        public override string BindingType => bindingType;

        public override T? Value
        {
            get => _value;
            set => bindings.OutputValues[name] = _value = value;
        }
    }

    private sealed class Result(FunctionBindings bindings) : InvocationResult
    {
        private object? _value = bindings.InvocationResult;

        public override object? Value
        {
            get => _value;
            set => bindings.InvocationResult = _value = value;
        }
    }

    private sealed class Result<T>(FunctionBindings bindings, T value) : InvocationResult<T>
    {
        private T? _value = value;

        public override T? Value
        {
            get => _value;
            set => bindings.InvocationResult = _value = value;
        }
    }
}
