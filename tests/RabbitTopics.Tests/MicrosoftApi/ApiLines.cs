using System.Globalization;
using System.Reflection;

namespace RabbitTopics.Tests.MicrosoftApi;

/// <summary>Writes a type's public and protected face in the form of azure-worker-api.txt: a line for the type, and one for each
/// member that it declares.</summary>
internal static class ApiLines
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The types that the list writes as C# keywords. Others, <c>System.Double</c> among them, have their full
    /// names.</summary>
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(int)] = "int",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(void)] = "void",
    };

    public static string Header(Type type)
    {
        var bases = new[] { type.BaseType }
            .Where(parent => parent is not null && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum))
            .Concat(type.GetInterfaces())
            .Select(parent => Name(parent!))
            .ToArray();
        var usage = type.GetCustomAttribute<AttributeUsageAttribute>();
        return Modifiers(type) + Name(type)
            + (bases.Length > 0 ? $" : {string.Join(", ", bases)}" : "")
            + (usage is not null ? $"  [targets {usage.ValidOn}; multiple {usage.AllowMultiple}]" : "");
    }

    public static IEnumerable<string> Members(Type type) => type.IsEnum
        ? type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(value => $"{value.Name} = {Convert.ToInt64(value.GetRawConstantValue(), CultureInfo.InvariantCulture)}")
        :
        [
            .. type.GetConstructors(Declared).Where(IsVisible).Where(constructor => !constructor.IsStatic)
                .Select(constructor => $"{Modifiers(constructor)}ctor({Parameters(constructor)})"),
            .. type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly)
                .Select(field => $"{Protected(field.IsPublic)}{(field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}"),
            .. type.GetProperties(Declared).Where(property => property.GetAccessors(true).Any(IsVisible)).Select(Property),
            .. type.GetEvents(Declared).Where(@event => IsVisible(@event.AddMethod!))
                .Select(@event => $"{Modifiers(@event.AddMethod!)}event {Name(@event.EventHandlerType!)} {@event.Name}"),
            .. type.GetMethods(Declared).Where(IsVisible).Where(method => !method.IsSpecialName || IsOperator(method)).Select(Method),
            .. type.GetNestedTypes(Declared).Where(nested => nested.IsNestedPublic || nested.IsNestedFamily || nested.IsNestedFamORAssem)
                .Select(nested => $"type {nested.Name}"),
        ];

    private static string Property(PropertyInfo property)
    {
        var accessors = property.GetAccessors(true).Where(IsVisible).ToArray();
        var widest = accessors.FirstOrDefault(accessor => accessor.IsPublic) ?? accessors[0];
        var get = Accessor(property.GetMethod, "get", widest);
        var set = Accessor(property.SetMethod, "set", widest);
        var index = property.GetIndexParameters() is { Length: > 0 } parameters
            ? $"[{string.Join(", ", parameters.Select(parameter => $"{Name(parameter.ParameterType)} {parameter.Name}"))}]"
            : "";
        return $"{Modifiers(widest)}{Name(property.PropertyType)} {property.Name}{index} {{ {get}{set}}}";
    }

    private static string Accessor(MethodInfo? accessor, string name, MethodInfo widest) =>
        accessor is null || !IsVisible(accessor) ? ""
        : accessor.IsPublic == widest.IsPublic ? $"{name}; "
        : $"protected {name}; ";

    private static string Method(MethodInfo method)
    {
        var types = method.IsGenericMethodDefinition
            ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>"
            : "";
        var self = method.IsDefined(typeof(System.Runtime.CompilerServices.ExtensionAttribute), false) ? "this " : "";
        return $"{Modifiers(method)}{Name(method.ReturnType)} {method.Name}{types}({self}{Parameters(method)})";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
    {
        var passing = !parameter.ParameterType.IsByRef ? "" : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        return $"{passing}{Name(parameter.ParameterType)} {parameter.Name}{(parameter.IsOptional ? " = default" : "")}";
    }));

    private static string Modifiers(Type type) => type switch
    {
        { IsEnum: true } => "enum ",
        { IsValueType: true } => "struct ",
        { IsInterface: true } => "interface ",
        _ when type.IsSubclassOf(typeof(Delegate)) => "delegate ",
        { IsAbstract: true, IsSealed: true } => "static class ",
        { IsAbstract: true } => "abstract class ",
        { IsSealed: true } => "sealed class ",
        _ => "class ",
    };

    private static string Modifiers(MethodBase method)
    {
        var kind = method switch
        {
            { IsStatic: true } => "static ",
            { DeclaringType.IsInterface: true } => method.IsAbstract ? "" : "default ",
            MethodInfo info when info.GetBaseDefinition() != info => "override ",
            { IsAbstract: true } => "abstract ",
            { IsVirtual: true, IsFinal: false } => "virtual ",
            _ => "",
        };
        return Protected(method.IsPublic) + kind;
    }

    private static string Protected(bool isPublic) => isPublic ? "" : "protected ";

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsOperator(MethodInfo method) => method.Name.StartsWith("op_", StringComparison.Ordinal);

    public static string Name(Type type)
    {
        if (Keywords.TryGetValue(type, out var keyword))
        {
            return keyword;
        }

        if (type.IsByRef)
        {
            return Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return $"{Name(underlying)}?";
        }

        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        var name = type.Name.Split('`')[0];
        var arguments = type.GetGenericArguments();
        var space = type.Namespace is null ? "" : $"{type.Namespace}.";
        return $"{space}{name}{(arguments.Length > 0 ? $"<{string.Join(", ", arguments.Select(Name))}>" : "")}";
    }
}
