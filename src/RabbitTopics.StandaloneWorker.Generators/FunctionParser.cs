using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Turns a method with <c>[Function]</c> into its model.</summary>
internal sealed class FunctionParser
{
    private readonly IMethodSymbol _method;
    private readonly string _name;
    private readonly string _entryPoint;
    private readonly FunctionRules _rules;
    private readonly AttributeCode _attributes;
    private readonly ConstructionCode _construction;

    private FunctionParser(IMethodSymbol method, string name, Compilation compilation)
    {
        _method = method;
        _name = name;
        _entryPoint = $"{method.ContainingType.DottedName()}.{method.Name}";
        _rules = new FunctionRules(method, name, _entryPoint);
        var access = new TypeAccess(compilation);
        _attributes = new AttributeCode(access);
        _construction = new ConstructionCode(access);
    }

    /// <summary>The function; null if its attribute does not compile.</summary>
    public static FoundFunction? Parse(GeneratorAttributeSyntaxContext context)
    {
        var attribute = context.Attributes[0];
        return context.TargetSymbol is IMethodSymbol method && attribute is { AttributeConstructor: not null, ConstructorArguments.Length: 1 }
            ? new FunctionParser(method, attribute.ConstructorArguments[0].Value as string ?? "", context.SemanticModel.Compilation).Parse()
            : null;
    }

    private FoundFunction Parse()
    {
        _rules.Check();
        var model = IsComplete() && _rules.Problems.Count == 0 ? Model() : null;
        return new FoundFunction(
            _name, _entryPoint, SourceLocation.From(_method), _rules.Problems.Count == 0 ? model : null, new(_rules.Problems));
    }

    /// <summary>Whether all types of the signature exist. If not, the compiler says it, once.</summary>
    private bool IsComplete() =>
        _method.ReturnType.TypeKind != TypeKind.Error && _method.Parameters.All(parameter => parameter.Type.TypeKind != TypeKind.Error);

    private FunctionModel Model()
    {
        var result = Result(out var resultType);
        var type = _method.ContainingType;
        if (resultType is null && _method.GetAttributes().Any(IsOutput))
        {
            _rules.AddOutputWithoutResult();
        }

        return new FunctionModel(
            _name,
            _entryPoint,
            _method.ContainingAssembly.Name,
            _attributes.OfAll(_method.GetAttributes()),
            new(_method.Parameters.Select(Parameter)),
            new(Outputs(resultType)),
            _method.IsStatic ? null : Construct(_method, type),
            _method.IsStatic ? $"{type.ToCode()}.{_method.EscapedName()}" : $"(({type.ToCode()})instance!).{_method.EscapedName()}",
            result);
    }

    private ResultKind Result(out ITypeSymbol? resultType)
    {
        resultType = null;
        if (_method.ReturnsVoid)
        {
            return ResultKind.Void;
        }

        foreach (var type in _method.ReturnType.WithBaseTypes())
        {
            switch (type.OriginalDefinition.FullName())
            {
                case "System.Threading.Tasks.Task`1" or "System.Threading.Tasks.ValueTask`1":
                    resultType = ((INamedTypeSymbol)type).TypeArguments[0];
                    return ResultKind.TaskOfValue;
                case "System.Threading.Tasks.Task" or "System.Threading.Tasks.ValueTask":
                    return ResultKind.Task;
            }
        }

        resultType = _method.ReturnType;
        return ResultKind.Value;
    }

    private ParameterModel Parameter(IParameterSymbol parameter) => new(
        parameter.Name,
        parameter.Type.ToCode(),
        parameter.Type.ToAnnotatedCode(),
        parameter.Type.IsReferenceOrNullable(),
        parameter.HasExplicitDefaultValue ? ConstantCode.OfDefault(parameter) : null,
        _attributes.OfAll(parameter.GetAttributes()),
        new(Converters(parameter).Select(converter => ConstructConverter(parameter, converter)).Concat(GenericTypeConverter(parameter.Type))));

    /// <summary>C# of the converter for a generic type of ours.</summary>
    private static IEnumerable<string> GenericTypeConverter(ITypeSymbol type)
    {
        var (converter, services) = type.OriginalDefinition.FullName() switch
        {
            Names.TypedMessage => (Names.TypedMessageConverter, (string[])[Names.MessageBody]),
            Names.Collector => (Names.CollectorConverter, [Names.Publisher, Names.SettingReferences]),
            _ => (null, []),
        };
        return converter is null
            ? []
            : [$"new {converter}<{((INamedTypeSymbol)type).TypeArguments[0].ToAnnotatedCode()}>({string.Join(", ", services.Select(ConstructionCode.Required))})"];
    }

    /// <summary>The converters of the parameter and then those of its type, which it may have inherited.</summary>
    private static IEnumerable<ITypeSymbol> Converters(IParameterSymbol parameter) =>
        from symbol in parameter.Type.WithBaseTypes().Cast<ISymbol>().Prepend(parameter)
        from attribute in symbol.GetAttributes()
        where attribute.AttributeClass?.Is(Names.InputConverter) == true && attribute.ConstructorArguments.Length == 1
        select attribute.ConstructorArguments[0].Value as ITypeSymbol into converter
        where converter is { TypeKind: not TypeKind.Error }
        select converter;

    private string ConstructConverter(IParameterSymbol parameter, ITypeSymbol converter)
    {
        if (converter.AllInterfaces.Any(candidate => candidate.Is(Names.IInputConverter)))
        {
            return Construct(parameter, converter);
        }

        _rules.AddNotConstructible(parameter, converter, "[InputConverter] names it, and it is no IInputConverter. Implement that interface.");
        return "";
    }

    private string Construct(ISymbol place, ITypeSymbol type)
    {
        if (_construction.Of(type, out var obstacle) is { } code)
        {
            return code;
        }

        _rules.AddNotConstructible(place, type, obstacle);
        return "";
    }

    private IEnumerable<OutputModel> Outputs(ITypeSymbol? resultType)
    {
        var ofMethod = _method.GetAttributes().Where(IsOutput).ToArray();
        if (ofMethod.Length > 0)
        {
            return [new OutputModel(null, "result", _attributes.OfAll(ofMethod))];
        }

        return resultType is null ? [] : OutputProperties(resultType.WithoutNullable());
    }

    private IEnumerable<OutputModel> OutputProperties(ITypeSymbol resultType)
    {
        var seen = new HashSet<string>();
        var types = resultType.TypeKind == TypeKind.Interface ? resultType.AllInterfaces.Prepend(resultType) : resultType.WithBaseTypes();
        foreach (var property in types.SelectMany(type => type.GetMembers()).OfType<IPropertySymbol>())
        {
            if (property is { IsStatic: false, IsIndexer: false, GetMethod.DeclaredAccessibility: Accessibility.Public }
                && property.GetAttributes().Any(IsOutput) && seen.Add(property.Name))
            {
                // The cast is to the class with the property: one of the same name may hide it further down.
                yield return new OutputModel(
                    property.Name,
                    $"(({property.ContainingType.ToCode()})result).{property.EscapedName()}",
                    _attributes.OfAll(property.GetAttributes()));
            }
        }
    }

    private static bool IsOutput(AttributeData attribute) => attribute.AttributeClass is { } type
        && (type.IsOrDerivesFrom(Names.OutputBinding) || (type.Name == Names.OurOutput && type.IsIn(Names.OurFunctions)));
}
