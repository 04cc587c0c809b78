using System.Security.Cryptography;
using System.Text;

namespace Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;

/// <summary>A function as Microsoft's host is told of it.</summary>
public class DefaultFunctionMetadata : IFunctionMetadata
{
    /// <summary>An id that follows from name, method and file, and is the same in every run; null while none of them is
    /// set.</summary>
    public string? FunctionId =>
        Name is null && EntryPoint is null && ScriptFile is null
            ? null
            : Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{Name}\n{ScriptFile}\n{EntryPoint}")).AsSpan(0, 8));

    /// <inheritdoc/>
    public bool IsProxy { get; set; }

    /// <inheritdoc/>
    public string? Language { get; set; }

    /// <inheritdoc/>
    public bool ManagedDependencyEnabled { get; set; }

    /// <inheritdoc/>
    public string? Name { get; set; }

    /// <inheritdoc/>
    public string? EntryPoint { get; set; }

    /// <inheritdoc/>
    public IList<string>? RawBindings { get; set; }

    /// <inheritdoc/>
    public string? ScriptFile { get; set; }

    /// <inheritdoc/>
    public IRetryOptions? Retry { get; set; }
}
