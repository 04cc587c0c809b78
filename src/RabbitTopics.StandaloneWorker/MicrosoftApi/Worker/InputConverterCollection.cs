using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>The types of the converters that are asked for a parameter's value, in the order they are asked.</summary>
public sealed class InputConverterCollection : IEnumerable<Type>
{
    private readonly List<(Type Type, Func<IServiceProvider, IInputConverter> Create)> _converters = [];

    /// <summary>Makers of the converters, in order. Each makes a converter whose constructor takes services.</summary>
    internal IEnumerable<Func<IServiceProvider, IInputConverter>> Factories => _converters.Select(converter => converter.Create);

    /// <summary>Adds a converter that is asked after all others.</summary>
    /// <typeparam name="T">The converter; its constructor may take services.</typeparam>
    public void Register<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>()
        where T : IInputConverter =>
        RegisterAt<T>(_converters.Count);

    /// <summary>Adds a converter that is asked at a place among the others.</summary>
    /// <typeparam name="T">The converter; its constructor may take services.</typeparam>
    /// <param name="index">How many converters are asked before it; 0 puts it first.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many, or the number is negative.</exception>
    public void RegisterAt<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(int index)
        where T : IInputConverter =>
        _converters.Insert(index, (typeof(T), services => ActivatorUtilities.CreateInstance<T>(services)));

    /// <summary>Removes all converters, the worker's own among them.</summary>
    public void Clear() => _converters.Clear();

    /// <summary>The converters' types, in order.</summary>
    public IEnumerator<Type> GetEnumerator() => _converters.Select(converter => converter.Type).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
