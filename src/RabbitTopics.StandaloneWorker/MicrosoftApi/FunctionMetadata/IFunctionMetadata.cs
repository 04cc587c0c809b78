namespace Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;

/// <summary>A function as Microsoft's host is told of it.</summary>
public interface IFunctionMetadata
{
    /// <summary>The id.</summary>
    string? FunctionId { get; }

    /// <summary>Whether it is a proxy. No function of an isolated worker is.</summary>
    bool IsProxy { get; }

    /// <summary>The language, for example <c>dotnet-isolated</c>.</summary>
    string? Language { get; }

    /// <summary>Whether the host fetches what the code depends on. It does not for .NET.</summary>
    bool ManagedDependencyEnabled { get; }

    /// <summary>The name.</summary>
    string? Name { get; }

    /// <summary>The method, with its namespace and class.</summary>
    string? EntryPoint { get; }

    /// <summary>The bindings, each a JSON object. May be changed by an <see cref="IFunctionMetadataTransformer"/>.</summary>
    IList<string>? RawBindings { get; }

    /// <summary>The file that holds the method.</summary>
    string? ScriptFile { get; }

    /// <summary>How the host tries an invocation again; null when it does not.</summary>
    IRetryOptions? Retry { get; }
}
