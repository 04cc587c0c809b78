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

            Assert.Contains($"lib/net10.0/{project}.dll", files);
            Assert.Contains($"lib/net10.0/{project}.xml", files);
            Assert.Contains($"lib/net10.0/{project}.pdb", template.FilesOf(project, "snupkg"));
        });
        Assert.Contains("docs/reference.md", template.FilesOf("RabbitTopics.Functions", "nupkg"));
        Assert.Contains("analyzers/dotnet/cs/RabbitTopics.Functions.Analyzers.dll", template.FilesOf("RabbitTopics.Functions", "nupkg"));
    }
}
