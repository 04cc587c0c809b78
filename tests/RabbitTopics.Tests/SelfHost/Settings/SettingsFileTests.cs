using Microsoft.Extensions.Configuration;
using RabbitTopics.Functions.SelfHost.Settings;
using RabbitTopics.Startup;

namespace RabbitTopics.Tests.SelfHost.Settings;

public sealed class SettingsFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rabbittopics-settings-").FullName;
    private readonly StartupProblems _problems = new();
    private readonly ConfigurationManager _configuration = new();

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        _configuration.Dispose();
    }

    [Fact]
    public void Values_of_local_settings_become_environment_variables_and_those_that_exist_win()
    {
        var fresh = $"RT_{Guid.NewGuid():N}";
        var taken = $"RT_{Guid.NewGuid():N}";
        Environment.SetEnvironmentVariable(taken, "from the environment");
        Write(LocalSettings.FileName, $$"""{ "values": { "{{fresh}}": "from the file", "{{taken}}": "from the file", "RT_GIVEN": "from the file" } } // a comment""");
        _configuration.AddEnvironmentVariables().AddInMemoryCollection([new("RT_GIVEN", "from the command line")]);

        LocalSettings.Apply(_configuration, _folder, _problems);

        Assert.Equal("from the file", Environment.GetEnvironmentVariable(fresh));
        Assert.Equal("from the environment", Environment.GetEnvironmentVariable(taken));
        Assert.Equal("from the file", _configuration[fresh]);
        Assert.Equal("from the command line", _configuration["RT_GIVEN"]);
        Assert.Empty(_problems.All);
    }

    [Theory]
    [InlineData("""{ "Values": { "A": s3cret } }""", "is not JSON: see line 1")]
    [InlineData("""[ "s3cret" ]""", "does not hold a JSON object")]
    [InlineData("""{ "Values": "s3cret" }""", "is not a JSON object")]
    [InlineData("""{ "Values": { "RT_NESTED": { "B": "s3cret" } } }""", "'RT_NESTED' is not a single value")]
    [InlineData("""{ "Value": { "A": "s3cret" } }""", "\"Value\" in")]
    [InlineData("""{ "IsEncrypted": true, "Values": { "A": "s3cret" } }""", "is encrypted")]
    public void A_broken_local_settings_file_is_named_without_showing_what_is_in_it(string content, string problem)
    {
        Write(LocalSettings.FileName, content);

        LocalSettings.Apply(_configuration, _folder, _problems);

        var said = Assert.Single(_problems.All);
        Assert.Contains(problem, said, StringComparison.Ordinal);
        Assert.Contains(LocalSettings.FileName, said, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Prefetch_concurrency_and_timeout_are_those_of_host_json()
    {
        Write(HostJson.FileName, """{ "functionTimeout": "00:05:00", "extensions": { "rabbitMQ": { "prefetchCount": 7, "concurrency": 4 } } }""");

        var options = HandlerOptionsOf();

        Assert.Equal((7, 4, TimeSpan.FromMinutes(5)), (options.Prefetch, options.Concurrency, options.Timeout));
        Assert.Empty(_problems.All);
    }

    [Fact]
    public void Without_host_json_the_defaults_stay() =>
        Assert.Equal(new HandlerOptions().Prefetch, HandlerOptionsOf().Prefetch);

    [Fact]
    public void A_function_timeout_of_minus_one_is_no_limit()
    {
        Write(HostJson.FileName, """{ "functionTimeout": "-1" }""");

        Assert.Equal(Timeout.InfiniteTimeSpan, HandlerOptionsOf(new HandlerOptions { Timeout = TimeSpan.FromSeconds(1) }).Timeout);
    }

    [Theory]
    [InlineData("\"extensions\": { \"rabbitMQ\": { \"prefetchCount\": 0 } }", "extensions.rabbitMQ.prefetchCount")]
    [InlineData("\"extensions\": { \"rabbitMQ\": { \"prefetchCount\": \"many\" } }", "extensions.rabbitMQ.prefetchCount")]
    [InlineData("\"extensions\": { \"rabbitMQ\": { \"prefetchCount\": 70000 } }", "extensions.rabbitMQ.prefetchCount")]
    [InlineData("\"extensions\": { \"rabbitMQ\": { \"concurrency\": -1 } }", "extensions.rabbitMQ.concurrency")]
    [InlineData("\"functionTimeout\": \"soon\"", "functionTimeout")]
    [InlineData("\"functionTimeout\": \"5\"", "functionTimeout in host.json (or a variable AzureFunctionsJobHost__…) is '5'. Write hours, minutes and seconds")]
    [InlineData("\"functionTimeout\": \"00:00:00\"", "functionTimeout")]
    public void An_impossible_value_of_host_json_is_named(string member, string named)
    {
        Write(HostJson.FileName, $"{{ {member} }}");

        HandlerOptionsOf();

        Assert.Contains(named, Assert.Single(_problems.All), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"version\": \"3.0\"", "version in host.json (or a variable AzureFunctionsJobHost__…) is '3.0'. Set it to \"2.0\".")]
    [InlineData("\"extensions\": { \"rabbitMQ\": { \"prefetchCont\": 5 } }", "extensions.rabbitMQ.prefetchCont in host.json (or a variable AzureFunctionsJobHost__…) is unknown. Set prefetchCount or concurrency, or take it out.")]
    [InlineData("\"Extensions\": { \"RabbitMQ\": { \"parallel\": 5 } }", "extensions.rabbitMQ.parallel in host.json (or a variable AzureFunctionsJobHost__…) is unknown. Set prefetchCount or concurrency, or take it out.")]
    [InlineData("\"extension\": {}", "extension in host.json (or a variable AzureFunctionsJobHost__…) is unknown. Write extensions, or take it out.")]
    [InlineData("\"Loging\": {}", "Loging in host.json (or a variable AzureFunctionsJobHost__…) is unknown. Write logging, or take it out.")]
    [InlineData("\"functionTimout\": \"00:05:00\"", "functionTimout in host.json (or a variable AzureFunctionsJobHost__…) is unknown. Write functionTimeout, or take it out.")]
    [InlineData("\"extensions\": { \"rabitMQ\": { \"prefetchCount\": 5 } }", "extensions.rabitMQ in host.json (or a variable AzureFunctionsJobHost__…) is unknown. Write extensions.rabbitMQ, or take it out.")]
    [InlineData("\"logging\": { \"logLvl\": { \"default\": \"Debug\" } }", "logging.logLvl in host.json (or a variable AzureFunctionsJobHost__…) is unknown. Write logging.logLevel, or take it out.")]
    [InlineData("\"verison\": \"2.0\"", "verison in host.json (or a variable AzureFunctionsJobHost__…) is unknown. Write version, or take it out.")]
    public void A_member_that_would_have_no_effect_is_named(string member, string problem)
    {
        Write(HostJson.FileName, $"{{ {member} }}");

        Configuration();

        Assert.Equal(problem, Assert.Single(_problems.All));
    }

    [Fact]
    public void A_variable_that_would_have_no_effect_is_named_without_a_host_json_too()
    {
        _configuration.AddInMemoryCollection([new("AzureFunctionsJobHost:extensions:rabbitMQ:prefechCount", "5")]);

        Configuration();

        Assert.Equal("extensions.rabbitMQ.prefechCount in host.json (or a variable AzureFunctionsJobHost__…) is unknown. Set prefetchCount or concurrency, or take it out.", Assert.Single(_problems.All));
    }

    [Fact]
    public void A_member_that_is_like_no_known_one_gives_a_warning_since_a_newer_Functions_host_may_know_it()
    {
        Write(HostJson.FileName, """{ "somethingNew": { "enabled": true } }""");

        Configuration();

        Assert.Empty(_problems.All);
        Assert.Equal("somethingNew in host.json (or a variable AzureFunctionsJobHost__…) is unknown and has no effect here.", Assert.Single(_problems.Warnings));
    }

    [Theory]
    [InlineData("$schema")]
    [InlineData("// comment")]
    [InlineData("Version", "\"2.0\"")]
    [InlineData("managedDependency")]
    [InlineData("managedDependencies")]
    [InlineData("watchFiles")]
    [InlineData("telemetryMode", "\"OpenTelemetry\"")]
    [InlineData("applicationInsights")]
    public void A_member_that_some_Functions_host_knows_is_accepted(string name, string value = "{}")
    {
        Write(HostJson.FileName, $"{{ \"{name}\": {value} }}");

        Configuration();

        Assert.Empty(_problems.All);
        Assert.Empty(_problems.Warnings);
    }

    [Fact]
    public void Members_that_mean_something_elsewhere_are_left_alone()
    {
        Write(HostJson.FileName, """{ "version": "2.0", "extensions": { "rabbitMQ": { "PrefetchCount": 5, "connectionString": "x" }, "http": { "routePrefix": "" } }, "extensionBundle": {} }""");

        Configuration();

        Assert.Empty(_problems.All);
        Assert.StartsWith("extensions.rabbitMQ.connectionString in host.json (or a variable AzureFunctionsJobHost__…) has no effect where the app hosts itself.", Assert.Single(_problems.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_json_that_is_no_JSON_is_named_with_the_place()
    {
        Write(HostJson.FileName, "{\n  \"version\": }");

        Configuration();

        Assert.Contains("host.json is not JSON: see line 2", Assert.Single(_problems.All), StringComparison.Ordinal);
    }

    private HandlerOptions HandlerOptionsOf(HandlerOptions? options = null)
    {
        options ??= new();
        HostJson.ApplyTo(options, Configuration(), _problems);
        return options;
    }

    private void Write(string name, string content) => File.WriteAllText(Path.Combine(_folder, name), content);

    private ConfigurationManager Configuration()
    {
        var configuration = _configuration;
        HostJson.Apply(configuration, _folder, _problems);
        return configuration;
    }
}
