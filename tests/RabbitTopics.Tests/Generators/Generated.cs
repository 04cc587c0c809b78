using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using RabbitTopics.StandaloneWorker.Discovery;
using RabbitTopics.StandaloneWorker.Generators;

namespace RabbitTopics.Tests.Generators;

/// <summary>Source text, compiled with the generator.</summary>
internal sealed class Generated
{
    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.CSharp14);

    private static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => path.EndsWith(".dll", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    private Generated(Compilation compilation, ImmutableArray<Diagnostic> problems)
    {
        Compilation = compilation;
        Problems = problems;
    }

    public Compilation Compilation { get; }

    /// <summary>What the generator found wrong.</summary>
    public ImmutableArray<Diagnostic> Problems { get; }

    public static Generated From(string source)
    {
        CreateDriver().RunGeneratorsAndUpdateCompilation(Compile(source), out var compilation, out var problems);
        return new Generated(compilation, problems);
    }

    public static CSharpGeneratorDriver CreateDriver() => CSharpGeneratorDriver.Create(
        [new FunctionsGenerator().AsSourceGenerator()],
        parseOptions: Parsing,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    public static CSharpCompilation Compile(string source) => CSharpCompilation.Create(
        $"Generated{Guid.NewGuid():N}",
        [CSharpSyntaxTree.ParseText(Usings + source, Parsing)],
        References,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>Loads what was compiled, without warnings, and gives the functions that it registers.</summary>
    public IReadOnlyList<FunctionDescriptor> Load()
    {
        Assert.Empty(Problems);
        Assert.Empty(Compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
        using var image = new MemoryStream();
        Assert.True(Compilation.Emit(image).Success);
        var assembly = System.Reflection.Assembly.Load(image.ToArray());
        System.Runtime.CompilerServices.RuntimeHelpers.RunModuleConstructor(assembly.ManifestModule.ModuleHandle);
        return [.. FunctionRegistry.Functions.Where(function => function.AssemblyName == assembly.GetName().Name)];
    }

    private const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.IO;
        using System.Threading;
        using System.Threading.Tasks;
        using Microsoft.Azure.Functions.Worker;
        using Microsoft.Azure.Functions.Worker.Converters;
        using RabbitTopics.Functions;
        using RabbitTopics.Messages;

        """;
}
