namespace Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;

/// <summary>Changes what Microsoft's host is told of the functions before it reads it. Taken from the services; all of them
/// run.</summary>
public interface IFunctionMetadataTransformer
{
    /// <summary>A name for logs.</summary>
    string Name { get; }

    /// <summary>Changes the functions in place.</summary>
    /// <param name="original">All functions of the app.</param>
    void Transform(IList<IFunctionMetadata> original);
}
