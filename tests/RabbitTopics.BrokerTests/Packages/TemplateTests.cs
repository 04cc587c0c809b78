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

        // By itself, as its tests are a project beside it that builds it, too.
        var build = await template.DotnetAsync(folder, "build", "-nologo", "-tl:off");
        await using var app = template.Run(folder, broker.Uri);
        await app.WaitForOutputAsync("Shop.HandleOrder[0] Received order");
        var tests = await template.DotnetAsync(folder, "test", "--no-build");

        Assert.Contains("0 Warning(s)", build, StringComparison.Ordinal);
        Assert.Contains("succeeded: 1", tests, StringComparison.Ordinal);
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
    public void Each_package_is_there() =>
        Assert.Subset(template.Packages.Select(file => file[..file.IndexOf(".0", StringComparison.Ordinal)]).ToHashSet(),
            new HashSet<string> { "RabbitTopics", "RabbitTopics.Functions", "RabbitTopics.Functions.RabbitMQ", "RabbitTopics.Templates" });
}
