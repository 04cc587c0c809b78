namespace Microsoft.Azure.Functions.Worker.Converters;

/// <summary>Finds the binding attribute of the parameter that is converted for.</summary>
public static class ConverterContextExtensions
{
    /// <summary>Whether the parameter has a binding attribute. Which one is not looked at.</summary>
    /// <typeparam name="T">An attribute type.</typeparam>
    /// <param name="context">What the converter is asked for.</param>
    /// <param name="bindingAttribute">The attribute, or null.</param>
    public static bool TryGetBindingAttribute<T>(this ConverterContext context, out object? bindingAttribute)
        where T : Attribute =>
        TryGetBindingAttribute(context, typeof(T), out bindingAttribute);

    /// <summary>Whether the parameter has a binding attribute. Which one is not looked at.</summary>
    /// <param name="context">What the converter is asked for.</param>
    /// <param name="type">An attribute type.</param>
    /// <param name="bindingAttribute">The attribute, or null.</param>
    /// <exception cref="ArgumentException"><paramref name="type"/> is no attribute type.</exception>
    public static bool TryGetBindingAttribute(this ConverterContext context, Type type, out object? bindingAttribute)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(type);
        return type.IsAssignableTo(typeof(Attribute))
            ? context.Properties.TryGetValue("bindingAttribute", out bindingAttribute)
            : throw new ArgumentException($"{type} is not an attribute.", nameof(type));
    }
}
