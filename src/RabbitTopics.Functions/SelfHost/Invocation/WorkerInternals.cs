using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Context.Features;
using Microsoft.Extensions.DependencyInjection;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>The only place that uses what is not public in Microsoft's worker. <c>GetInvocationResult()</c>, <c>GetOutputBindings()</c> and
/// <c>BindInputAsync()</c>, and with the first the generated executor, ask the context for features of internal types, so these
/// have to be of Microsoft's own making:
/// <list type="bullet">
/// <item><c>IFunctionBindingsFeature</c>: the result, the outputs and the inputs of an invocation;</item>
/// <item><c>IInputConversionFeature</c>: asks the converters, for <c>BindInputAsync()</c>;</item>
/// <item>the default <c>IFunctionInputBindingFeature</c>: the parameters, where a middleware has bound one of them before.</item>
/// </list>
/// Unsafe accessors need no reflection at run time and work in a native program. <see cref="Check"/> says at start whether an
/// upgrade of the worker has broken them.</summary>
internal static class WorkerInternals
{
    private const string Core = "Microsoft.Azure.Functions.Worker.Core";
    private const string Grpc = "Microsoft.Azure.Functions.Worker.Grpc";
    private const string BindingsFeature = $"Microsoft.Azure.Functions.Worker.Grpc.Features.GrpcFunctionBindingsFeature, {Grpc}";
    private const string Request = $"Microsoft.Azure.Functions.Worker.Grpc.Messages.InvocationRequest, {Grpc}";
    private const string OutputsInfo = $"Microsoft.Azure.Functions.Worker.OutputBindings.IOutputBindingsInfoProvider, {Core}";
    private const string DefaultOutputsInfo = $"Microsoft.Azure.Functions.Worker.OutputBindings.DefaultOutputBindingsInfoProvider, {Core}";
    private const string ConversionFeature = $"Microsoft.Azure.Functions.Worker.Context.Features.DefaultInputConversionFeature, {Core}";
    private const string ConverterProvider = $"Microsoft.Azure.Functions.Worker.Converters.IInputConverterProvider, {Core}";
    private const string InputsFeature = $"Microsoft.Azure.Functions.Worker.Context.Features.DefaultFunctionInputBindingFeature, {Core}";
    private const string ConverterContextFactory = $"Microsoft.Azure.Functions.Worker.Converters.IConverterContextFactory, {Core}";

    /// <summary>The key of the bindings among the features of an invocation.</summary>
    public static readonly Type? BindingsKey = Type.GetType($"Microsoft.Azure.Functions.Worker.Context.Features.IFunctionBindingsFeature, {Core}");

    /// <summary>The key of the input conversion among the features of an invocation.</summary>
    public static readonly Type? ConversionKey = Type.GetType($"Microsoft.Azure.Functions.Worker.Context.Features.IInputConversionFeature, {Core}");

    private static readonly Type? ConverterProviderType = Type.GetType(ConverterProvider);
    private static readonly Type? ConverterContextFactoryType = Type.GetType(ConverterContextFactory);

    /// <summary>Never read: the fields that would be filled from it are set.</summary>
    private static readonly Lazy<object> NoRequest = new(NewRequest);
    private static readonly Lazy<object> Outputs = new(NewOutputsInfo);

    /// <summary>The bindings of an invocation.</summary>
    public static object NewBindings(FunctionContext context, IReadOnlyDictionary<string, object?> inputs, IReadOnlyDictionary<string, object?> bindingData)
    {
        var bindings = NewBindings(context, NoRequest.Value, Outputs.Value);
        InputsOf(bindings) = inputs;
        BindingDataOf(bindings) = bindingData;
        return bindings;
    }

    /// <summary>What asks the converters of the app.</summary>
    public static object NewConversion(IServiceProvider services) => NewConversion(services.GetRequiredService(ConverterProviderType!));

    /// <summary>What gives a function its parameters as Microsoft's worker does.</summary>
    public static IFunctionInputBindingFeature NewInputs(IServiceProvider services) =>
        (IFunctionInputBindingFeature)NewInputs(services.GetRequiredService(ConverterContextFactoryType!));

    /// <summary>Makes each of them once.</summary>
    /// <returns>What is wrong, and what to do; null where nothing is.</returns>
    public static string? Check(FunctionContext context)
    {
        try
        {
            if (BindingsKey is null || ConversionKey is null || ConverterProviderType is null || ConverterContextFactoryType is null)
            {
                throw new TypeLoadException("a feature's type is not there");
            }

            var bindings = NewBindings(context, new Dictionary<string, object?>(), new Dictionary<string, object?>());
            var fits = BindingsKey.IsInstanceOfType(bindings) && ConversionKey.IsInstanceOfType(NewConversion(context.InstanceServices));
            (NewInputs(context.InstanceServices) as IDisposable)?.Dispose();
            return fits ? null : Problem("a feature has another type");
        }
        catch (Exception exception) when (exception is TypeLoadException or MissingMemberException or FileNotFoundException or InvalidCastException or InvalidOperationException or BadImageFormatException)
        {
            return Problem(exception.Message);
        }
    }

    private static string Problem(string reason) =>
        $"This version of Microsoft.Azure.Functions.Worker ({typeof(FunctionContext).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}) "
        + $"lacks something that an app which hosts itself needs: {reason.TrimEnd('.')}. Use version 2.52.0 of it, or a version of RabbitTopics that knows yours.";

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(BindingsFeature)]
    private static extern object NewBindings(FunctionContext context, [UnsafeAccessorType(Request)] object request, [UnsafeAccessorType(OutputsInfo)] object outputs);

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(Request)]
    private static extern object NewRequest();

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(DefaultOutputsInfo)]
    private static extern object NewOutputsInfo();

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(ConversionFeature)]
    private static extern object NewConversion([UnsafeAccessorType(ConverterProvider)] object provider);

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(InputsFeature)]
    private static extern object NewInputs([UnsafeAccessorType(ConverterContextFactory)] object factory);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_inputData")]
    private static extern ref IReadOnlyDictionary<string, object?>? InputsOf([UnsafeAccessorType(BindingsFeature)] object bindings);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_triggerMetadata")]
    private static extern ref IReadOnlyDictionary<string, object?>? BindingDataOf([UnsafeAccessorType(BindingsFeature)] object bindings);
}
