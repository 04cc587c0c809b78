using System.Diagnostics;
using System.IO.Compression;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Packages;

/// <summary>The packages of this checkout and the template, installed for nobody but the tests: everything is in one temporary folder.</summary>
public sealed class InstalledTemplate : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rabbittopics-template-").FullName;
    private readonly Dictionary<string, string?> _environment;

    public InstalledTemplate() => _environment = new()
    {
        ["NUGET_PACKAGES"] = Path.Combine(_folder, "packages"),
        ["DOTNET_NOLOGO"] = "1",
        ["DOTNET_SKIP_FIRST_TIME_EXPERIENCE"] = "1",
        ["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false",
        // What a build leaves running would go on in a folder that is gone.
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["UseSharedCompilation"] = "false",
    };

    public async ValueTask InitializeAsync()
    {
        LinkPackagesOfThisMachine();
        await File.WriteAllTextAsync(Path.Combine(_folder, "nuget.config"), """
            <configuration>
              <packageSources>
                <add key="built" value="built" />
              </packageSources>
            </configuration>
            """);
        await DotnetAsync(Repository.Root, "pack", "Functions.sln", "-c", Repository.Configuration, "--no-build", "-o", Built, "-v:quiet", "-nologo", "-tl:off");
        await DotnetAsync(_folder, "new", "install", PackageOf("RabbitTopics.Templates", "nupkg"), "--debug:custom-hive", Hive);
    }

    private string Built => Path.Combine(_folder, "built");

    private string Hive => Path.Combine(_folder, "hive");

    /// <summary>The paths in a package of this checkout.</summary>
    /// <param name="name">The package's name.</param>
    /// <param name="extension">Of its file: nupkg or snupkg.</param>
    public IReadOnlyCollection<string> FilesOf(string name, string extension)
    {
        using var package = ZipFile.OpenRead(PackageOf(name, extension));
        return [.. package.Entries.Select(entry => entry.FullName)];
    }

    /// <summary>Makes an app and returns its folder.</summary>
    public async Task<string> CreateAsync(string name, params string[] options)
    {
        await DotnetAsync(_folder, ["new", "rabbittopics", "-n", name, .. options, "--debug:custom-hive", Hive]);
        return Path.Combine(_folder, name);
    }

    /// <summary>Makes an empty folder, below which the packages of this checkout are known.</summary>
    public string NewFolder() => Directory.CreateDirectory(Path.Combine(_folder, Path.GetRandomFileName())).FullName;

    /// <summary>Runs a command of <c>dotnet</c> to its end, which must be a good one, and returns what it printed.</summary>
    public async Task<string> DotnetAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}{await error}");
        return await output;
    }

    /// <summary>Starts <c>dotnet run</c> in the folder of an app that is built.</summary>
    public AppProcess Run(string folder, Uri broker) =>
        AppProcess.Start($"env -C '{folder}' dotnet run --no-build", new Dictionary<string, string?>(_environment) { ["RabbitMQ"] = broker.OriginalString });

    /// <summary>Deletes all of it; the links lead to packages that stay.</summary>
    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private string PackageOf(string name, string extension) => Directory.GetFiles(Built, $"{name}.*.{extension}").Single(file => char.IsAsciiDigit(Path.GetFileName(file)[name.Length + 1]));

    // A folder of packages that has ours from this checkout, and all others without loading them again.
    private void LinkPackagesOfThisMachine()
    {
        var links = Directory.CreateDirectory(_environment["NUGET_PACKAGES"]!);
        var machine = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var package in Directory.Exists(machine) ? Directory.GetDirectories(machine) : [])
        {
            var name = Path.GetFileName(package);
            if (!name.StartsWith("rabbittopics", StringComparison.OrdinalIgnoreCase))
            {
                Directory.CreateSymbolicLink(Path.Combine(links.FullName, name), package);
            }
        }
    }
}
