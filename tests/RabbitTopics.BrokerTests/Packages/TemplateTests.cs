using System.Text.RegularExpressions;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Packages;

public sealed class TemplateTests(InstalledTemplate template) : IClassFixture<InstalledTemplate>
{
    [Fact]
    public async Task A_new_app_builds_without_warnings_and_passes_its_tests_and_dotnet_run_receives_what_it_publishes()
    {
        // On a broker of its own: its queues have the template's names.
        await using var broker = await PrivateBroker.StartNewAsync();
        var folder = await template.CreateAsync("Shop");

        var build = await template.DotnetAsync(folder, "build", "-nologo", "-tl:off");
        await using var app = template.Run(folder, broker.Uri);
        await app.WaitForOutputAsync("Shop.HandleOrder[0] Received order");
        var tests = await template.DotnetAsync(folder, "test", "--no-build");

        Assert.Contains("0 Warning(s)", build, StringComparison.Ordinal);
        Assert.Contains("RabbitTopics.WebJobs.RabbitMQWebJobsStartup", await File.ReadAllTextAsync(Path.Combine(folder, "bin", "Debug", "net10.0", "extensions.json")), StringComparison.Ordinal);
        Assert.Contains("succeeded: 3", tests, StringComparison.Ordinal);
        Assert.Equal(0, await app.StopAsync());
    }

    [Fact]
    public async Task A_new_app_has_the_queue_the_topic_and_the_extension_that_are_asked_for_and_names_that_CSharp_knows()
    {
        var folder = await template.CreateAsync("my-shop.web", "--queue", "my-queue", "--topic", "my.topic", "--extension", "Microsoft");

        var project = await File.ReadAllTextAsync(Path.Combine(folder, "my-shop.web.csproj"));
        var handler = await File.ReadAllTextAsync(Path.Combine(folder, "HandleOrder.cs"));
        Assert.Contains("Microsoft.Azure.Functions.Worker.Extensions.RabbitMQ", project, StringComparison.Ordinal);
        Assert.DoesNotContain("RabbitTopics.Functions.RabbitMQ", project, StringComparison.Ordinal);
        Assert.Contains("namespace my_shop.web;", handler, StringComparison.Ordinal);
        Assert.Contains("[RabbitMQTrigger(\"my-queue\"", handler, StringComparison.Ordinal);
        Assert.Contains("[TopicSubscription(\"my.topic\")]", handler, StringComparison.Ordinal);
        Assert.All(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories), file =>
            Assert.DoesNotMatch(@"App\.1|App\._1|App__1|app__1|template-|#if", File.ReadAllText(file) + file[folder.Length..]));
    }

    /// <summary>The commands, files and output of the section "By hand" of docs/start.md.</summary>
    [Fact]
    public async Task The_app_of_the_start_page_is_made_by_its_commands_and_files_and_prints_what_the_page_says()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "start.md"));
        var section = page[page.IndexOf("## By hand", StringComparison.Ordinal)..page.IndexOf("## What happens to a message", StringComparison.Ordinal)];
        var versions = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "Directory.Packages.props"));
        var folder = template.NewFolder();

        foreach (var command in Lines(@"^    dotnet ((?:new|add) .+)$").Select(line => line.Split(' ')))
        {
            // Of Microsoft's packages the versions that are tested here, not the newest of the day.
            var version = Regex.Match(versions, $"\"{Regex.Escape(command[^1])}\" Version=\"(.+?)\"").Groups[1].Value;
            await template.DotnetAsync(folder, version.Length > 0 ? [.. command, "--version", version] : command);
            folder = command[0] == "new" ? Path.Combine(folder, command[^1]) : folder;
        }

        foreach (Match file in Regex.Matches(section, @"^`([\w.]+)`[^\n]*\n\n```\w+\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline))
        {
            await File.WriteAllTextAsync(Path.Combine(folder, file.Groups[1].Value), file.Groups[2].Value);
        }

        Assert.Contains("0 Warning(s)", await template.DotnetAsync(folder, "build", "-nologo", "-tl:off"), StringComparison.Ordinal);
        await using var app = template.Run(folder, broker.Uri);
        foreach (var line in Lines(@"^    [0-9:.]+ (info: .+)$"))
        {
            var pattern = Regex.Replace(Regex.Escape(line).Replace("…", ".*", StringComparison.Ordinal), "[0-9]{6,}", "[0-9]+");
            await Wait.UntilAsync(() => Regex.IsMatch(app.Output, pattern), $"'{line}' in the output:\n{app.Output}");
        }

        Assert.Equal(0, await app.StopAsync());

        string[] Lines(string pattern) => [.. Regex.Matches(section, pattern, RegexOptions.Multiline).Select(match => match.Groups[1].Value)];
    }

    /// <summary>The file and the command of docs/hosts.md.</summary>
    [Fact]
    public async Task An_app_in_another_language_gets_the_extension_by_the_file_and_the_command_of_the_page_of_hosts()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "hosts.md"));
        var folder = template.NewFolder();
        await File.WriteAllTextAsync(Path.Combine(folder, "extensions.csproj"), Regex.Match(page, @"```xml\n(<Project.+?)^```", RegexOptions.Multiline | RegexOptions.Singleline).Groups[1].Value);

        await template.DotnetAsync(folder, Regex.Match(page, "`dotnet (build extensions.csproj [^`]+)`").Groups[1].Value.Split(' '));

        Assert.Contains("RabbitTopics.WebJobs.RabbitMQWebJobsStartup", await File.ReadAllTextAsync(Path.Combine(folder, "bin", "extensions.json")), StringComparison.Ordinal);
        Assert.Superset(
            new HashSet<string> { "RabbitTopics.WebJobs.Extensions.RabbitMQ.dll", "RabbitTopics.dll", "RabbitMQ.Client.dll" },
            Directory.GetFiles(Path.Combine(folder, "bin")).Select(file => Path.GetFileName(file)).ToHashSet());
    }

    [Fact]
    public void Each_project_that_is_packable_is_a_package_with_a_readme_and_symbols_and_docs_for_what_it_has_of_code()
    {
        var projects = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("<IsPackable>true</IsPackable>", StringComparison.Ordinal)).Select(file => Path.GetFileNameWithoutExtension(file)).ToList();

        Assert.True(projects.Count >= 3, string.Join(", ", projects));
        Assert.All(projects, project =>
        {
            var files = template.FilesOf(project, "nupkg");
            Assert.Contains("README.md", files);
            if (project == "RabbitTopics.Tool")
            {
                Assert.Contains($"tools/net10.0/any/{project}.dll", files);
                return;
            }

            var framework = project == "RabbitTopics.WebJobs.Extensions.RabbitMQ" ? "net8.0" : "net10.0"; // A Functions host runs on .NET 8.
            Assert.Contains($"lib/{framework}/{project}.dll", files);
            Assert.Contains($"lib/{framework}/{project}.xml", files);
            Assert.Contains($"lib/{framework}/{project}.pdb", template.FilesOf(project, "snupkg"));
        });
        Assert.Contains("docs/reference.md", template.FilesOf("RabbitTopics.Functions", "nupkg"));
        Assert.Contains("analyzers/dotnet/cs/RabbitTopics.Functions.Analyzers.dll", template.FilesOf("RabbitTopics.Functions", "nupkg"));
    }
}
