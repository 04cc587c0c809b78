using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.SelfHost;
using RabbitTopics.Startup;

namespace RabbitTopics.Tests.SelfHost;

/// <summary>What UseRabbitTopics makes of an app that no Functions host has started.</summary>
public sealed class UseRabbitTopicsTests
{
    [Fact]
    public void An_app_that_hosts_itself_logs_each_event_in_a_line_with_its_time()
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.UseRabbitTopics();
        using var app = builder.Build();

        Assert.Equal(ConsoleFormatterNames.Simple, app.Services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName);
        var console = app.Services.GetRequiredService<IOptions<SimpleConsoleFormatterOptions>>().Value;
        Assert.Equal((true, "HH:mm:ss.fff "), (console.SingleLine, console.TimestampFormat));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_format_that_an_app_chooses_stays(bool isChosenBefore)
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        if (isChosenBefore)
        {
            builder.Logging.AddJsonConsole();
        }

        builder.UseRabbitTopics();
        if (!isChosenBefore)
        {
            builder.Logging.AddJsonConsole();
        }

        using var app = builder.Build();

        Assert.Equal(ConsoleFormatterNames.Json, app.Services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName);
    }

    [Fact]
    public void An_app_without_log_providers_gets_no_console()
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Logging.ClearProviders();
        builder.UseRabbitTopics();
        using var app = builder.Build();

        Assert.Empty(app.Services.GetServices<ILoggerProvider>());
    }

    [Fact]
    public void An_app_that_was_built_without_Worker_Sdk_is_told_so()
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.UseRabbitTopics();
        using var app = builder.Build();

        Assert.Empty(app.Services.GetRequiredService<FunctionLoader>().Load());
        Assert.Contains("There is no function", Assert.Single(app.Services.GetRequiredService<StartupProblems>().All), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'serve'", "serve")]
    [InlineData("'--helth-probe'", "--helth-probe")]
    [InlineData("'--verbose'", "--verbose", "--Exchange=own")]
    [InlineData("'extra'", "--Exchange", "own", "extra")]
    [InlineData(null)]
    [InlineData(null, "--RabbitMQ=amqp://broker", "/A=b", "C=d", "--E", "f", "/G", "h")]
    public void An_argument_that_is_neither_an_option_nor_a_setting_is_refused(string? named, params string[] arguments)
    {
        var builder = FunctionsApplication.CreateBuilder(arguments);
        builder.UseRabbitTopics();
        using var app = builder.Build();

        Assert.Equal(named is null ? [] : [$"The argument {named} is unknown. Write a setting as --NAME=VALUE; --help shows the options."],
            app.Services.GetRequiredService<StartupProblems>().All);
    }

    [Theory]
    [InlineData("true", null)]
    [InlineData("0", null)]
    [InlineData("", null)]
    [InlineData("yes", "The setting 'AzureWebJobs.F.Disabled' is 'yes'. Set it to true or false.")]
    public void A_Disabled_setting_is_true_or_false(string value, string? problem)
    {
        var configuration = new ConfigurationManager { ["AzureWebJobs:F:Disabled"] = value };

        Assert.Equal(problem, DisabledFunctions.Problem(configuration, "F"));
    }

    [Fact]
    public void A_Disabled_setting_of_a_function_that_is_not_there_is_named()
    {
        var configuration = new ConfigurationManager
        {
            ["AzureWebJobs:F:Disabled"] = "true",
            ["AzureWebJobs.f.Disabled"] = "true",
            ["AzureWebJobs:Gone:Disabled"] = "true",
            ["AzureWebJobs.Lost.Disabled"] = "false",
            ["AzureWebJobsStorage"] = "other",
        };

        Assert.Equal(["AzureWebJobs.Lost.Disabled", "AzureWebJobs.Gone.Disabled"], DisabledFunctions.WithoutFunction(configuration, ["F"]));
    }

    [Fact]
    public void A_second_call_only_adds_to_the_options()
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.UseRabbitTopics(options => options.Exchange = "first");
        builder.UseRabbitTopics(options => options.TopicHeader = "Second");
        using var app = builder.Build();

        var options = app.Services.GetRequiredService<IOptions<RabbitTopicsOptions>>().Value;
        Assert.Equal(("first", "Second"), (options.Exchange, options.TopicHeader));
        Assert.Single(builder.Services, service => service.ServiceType == typeof(FunctionLoader));
    }
}
