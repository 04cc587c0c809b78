namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>A function that can be emitted. All members are text, some of it C#: a model that held symbols would keep whole
/// compilations alive and would be new after every edit.</summary>
/// <param name="Name">The name given to <c>[Function]</c>.</param>
/// <param name="EntryPoint">Namespace, class and method.</param>
/// <param name="AssemblyName">The assembly of the method.</param>
/// <param name="Attributes">C# that makes the method's attributes.</param>
/// <param name="Parameters">The parameters, in order.</param>
/// <param name="Outputs">What the result is written to.</param>
/// <param name="NewInstance">C# that makes the method's object from <c>services</c>; null for a static method.</param>
/// <param name="Method">C# of what is called, up to the arguments; it may use <c>instance</c>.</param>
/// <param name="Result">What the method returns.</param>
internal sealed record FunctionModel(
    string Name,
    string EntryPoint,
    string AssemblyName,
    EquatableArray<string> Attributes,
    EquatableArray<ParameterModel> Parameters,
    EquatableArray<OutputModel> Outputs,
    string? NewInstance,
    string Method,
    ResultKind Result);

/// <summary>A parameter of a function.</summary>
/// <param name="Name">Its name, unescaped.</param>
/// <param name="Type">Its type as C# that <c>typeof</c> takes.</param>
/// <param name="CastType">Its type as C# that a cast takes.</param>
/// <param name="IsReferenceOrNullableType">Whether null is a value of it.</param>
/// <param name="DefaultValue">C# of its default value; null where it has none.</param>
/// <param name="Attributes">C# that makes its attributes.</param>
/// <param name="NewConverters">C# that makes its converters from <c>services</c>.</param>
internal sealed record ParameterModel(
    string Name,
    string Type,
    string CastType,
    bool IsReferenceOrNullableType,
    string? DefaultValue,
    EquatableArray<string> Attributes,
    EquatableArray<string> NewConverters);

/// <summary>An output of a function.</summary>
/// <param name="Name">The property's name; null for the result itself.</param>
/// <param name="Read">C# that takes the value from <c>result</c>.</param>
/// <param name="Attributes">C# that makes its attributes.</param>
internal sealed record OutputModel(string? Name, string Read, EquatableArray<string> Attributes);

/// <summary>What a method returns, as far as its caller is concerned.</summary>
internal enum ResultKind
{
    /// <summary>Nothing.</summary>
    Void,

    /// <summary>A value.</summary>
    Value,

    /// <summary>A task without a value.</summary>
    Task,

    /// <summary>A task with a value.</summary>
    TaskOfValue,
}
