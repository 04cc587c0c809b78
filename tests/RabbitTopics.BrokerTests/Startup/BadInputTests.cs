using System.Text.RegularExpressions;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Startup;

/// <summary>The function app, started with something wrong: it says what, and no output holds a secret.</summary>
public sealed class BadInputTests(SharedBroker broker) : IDisposable
{
    private const string Secret = "s3cret-pa55word";

    /// <summary>The app's folder as it would be deployed, for files of this test's own.</summary>
    private readonly string _root = Directory.CreateTempSubdirectory("rabbittopics-app-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_missing_connection_setting_is_named_once_with_the_functions_that_need_it()
    {
        var output = await FailToStartAsync(null);

        Assert.Contains("Functions 'HandlePerson', 'PublishPerson', 'PublishReminder', 'WatchEverything': The setting 'RabbitMQ' is missing or empty", output, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(output, "is missing or empty"));
        Assert.Contains("local.settings.json", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData($"amqp://user:{Secret}@host:port")]
    [InlineData($"user:{Secret}@host")]
    [InlineData($"amqp://user:{Secret}:x@host")]
    public async Task A_malformed_URI_is_refused_without_showing_it(string uri)
    {
        var output = await FailToStartAsync(uri);

        Assert.Contains("The setting 'RabbitMQ' is not an AMQP URI", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host.json", "{ \"version\": \"2.0\", }}")]
    [InlineData("local.settings.json", $$"""{ "Values": { "RabbitMQ": "amqp://user:{{Secret}}@host" """)]
    public async Task A_settings_file_that_is_no_JSON_is_named(string file, string content)
    {
        await File.WriteAllTextAsync(Path.Combine(_root, file), content);

        var output = await FailToStartAsync(broker.Uri.OriginalString);

        Assert.Contains($"{file} is not JSON: see line 1", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_program_says_its_version_and_what_it_takes_and_refuses_the_rest()
    {
        Assert.Matches("^FunctionApp [0-9]+[.][0-9]+", await RunAsync("--version", exitCode: 0));
        Assert.Contains("--health-probe", await RunAsync("--help", exitCode: 0), StringComparison.Ordinal);
        Assert.Contains("The argument '--hepl' is unknown. Write a setting as --NAME=VALUE; --help shows the options.", await RunAsync("--hepl", exitCode: 1), StringComparison.Ordinal);

        static async Task<string> RunAsync(string argument, int exitCode)
        {
            await using var app = AppProcess.Start($"{Repository.Program("src/FunctionApp")} {argument}", new Dictionary<string, string?> { ["RabbitMQ"] = "amqp://127.0.0.1:1" });
            Assert.Equal(exitCode, await app.WaitForExitAsync());
            return app.Output;
        }
    }

    [Fact]
    public async Task A_log_level_that_is_none_is_named()
    {
        await File.WriteAllTextAsync(Path.Combine(_root, "host.json"), """{ "logging": { "logLevel": { "default": "Loud", "Some.Class": "debug" } } }""");

        Assert.Contains("logging.logLevel.default in host.json (or a variable AzureFunctionsJobHost__…) is 'Loud'. Write one of: Trace, Debug", await FailToStartAsync(broker.Uri.OriginalString), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_does_not_exist_is_named()
    {
        await using var app = AppProcess.Start(Repository.Program("src/FunctionApp"), new Dictionary<string, string?> { ["AzureWebJobsScriptRoot"] = "/no/such/folder" });

        Assert.Equal(1, await app.WaitForExitAsync());
        Assert.Contains("The setting 'AzureWebJobsScriptRoot' is '/no/such/folder', which is not a folder", app.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_said_with_user_and_setting_and_the_app_waits()
    {
        var wrong = new UriBuilder(broker.Uri) { Password = Secret }.Uri;
        await using var app = Start(wrong.OriginalString);

        await app.WaitForOutputAsync($"it refused user '{broker.Uri.UserInfo.Split(':')[0]}'. Check user name and password in the setting 'RabbitMQ'");

        Assert.False(app.HasExited);
        Assert.Equal(0, await app.StopAsync());
        AssertNoSecret(app.Output);
    }

    [Fact]
    public async Task A_virtual_host_that_does_not_exist_is_named()
    {
        var wrong = new UriBuilder(broker.Uri) { Path = "/no-such-vhost" }.Uri;
        await using var app = Start(wrong.OriginalString);

        await app.WaitForOutputAsync("Check that the virtual host 'no-such-vhost' in the setting 'RabbitMQ' exists");

        Assert.Equal(0, await app.StopAsync());
        AssertNoSecret(app.Output);
    }

    [Theory]
    [InlineData("0 0 0 31 2 *", "Function 'QueueFromTimer': the schedule '0 0 0 31 2 *' never occurs")]
    [InlineData("now and then", "Function 'QueueFromTimer': the schedule 'now and then' is neither an NCRONTAB expression")]
    [InlineData(null, "Function 'QueueFromTimer': '%CONFORMANCE_SCHEDULE%' refers to the setting 'CONFORMANCE_SCHEDULE', which does not exist")]
    public async Task An_impossible_schedule_is_named_with_its_function(string? schedule, string problem)
    {
        await using var app = AppProcess.Start(Repository.Program("tests/RabbitTopics.Conformance.App"), new Dictionary<string, string?>
        {
            ["RabbitMQ"] = broker.Uri.OriginalString,
            ["CONFORMANCE_RUN"] = "never",
            ["CONFORMANCE_SCHEDULE"] = schedule,
            ["AzureWebJobsScriptRoot"] = _root,
        });

        Assert.Equal(1, await app.WaitForExitAsync());
        Assert.Contains(problem, app.Output, StringComparison.Ordinal);
    }

    private async Task<string> FailToStartAsync(string? uri)
    {
        await using var app = Start(uri);
        Assert.Equal(1, await app.WaitForExitAsync());
        AssertNoSecret(app.Output);
        return app.Output;
    }

    private AppProcess Start(string? uri) => AppProcess.Start(Repository.Program("src/FunctionApp"), new Dictionary<string, string?>
    {
        ["RabbitMQ"] = uri,
        ["AzureWebJobsScriptRoot"] = _root,
    });

    private void AssertNoSecret(string output)
    {
        Assert.DoesNotContain(Secret, output, StringComparison.Ordinal);
        Assert.DoesNotContain(broker.Uri.UserInfo.Split(':')[1], output.Replace("guest", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
