using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Writes C# that makes an attribute anew, as reflection would have made it.</summary>
internal sealed class AttributeCode(TypeAccess access)
{
    /// <summary>The attributes, without those that the emitted code cannot name, and without those of the System namespaces:
    /// these speak to the compiler and the runtime.</summary>
    public EquatableArray<string> OfAll(IEnumerable<AttributeData> attributes) => new(attributes.Select(Of).OfType<string>());

    private string? Of(AttributeData attribute)
    {
        if (attribute is not { AttributeClass: { TypeKind: not TypeKind.Error } type, AttributeConstructor: { } constructor }
            || type.IsIn("System") || !access.CanUse(type) || !access.CanUse(constructor))
        {
            return null;
        }

        var arguments = attribute.ConstructorArguments.Select((argument, index) => Argument(argument, constructor.Parameters[index].Type)).ToArray();
        var members = attribute.NamedArguments.Select(named => (named.Key, Value: ConstantCode.OfArgument(named.Value, access))).ToArray();
        if (arguments.Contains(null) || members.Any(member => member.Value is null))
        {
            return null;
        }

        var initializer = members.Length == 0 ? "" : $" {{ {string.Join(", ", members.Select(member => $"@{member.Key} = {member.Value}"))} }}";
        return $"new {type.ToCode()}({string.Join(", ", arguments)}){initializer}";
    }

    /// <summary>The argument with the parameter's type, so that another overload is not a better one.</summary>
    private string? Argument(TypedConstant argument, ITypeSymbol parameterType)
    {
        var code = ConstantCode.OfArgument(argument, access);
        return code is null || SymbolEqualityComparer.Default.Equals(argument.Type, parameterType) ? code : $"({parameterType.ToCode()})({code})";
    }
}
