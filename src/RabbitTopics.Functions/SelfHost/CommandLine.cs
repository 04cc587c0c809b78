using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.CommandLine;
using RabbitTopics.Functions.SelfHost.Health;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.SelfHost;

/// <summary>What a program that hosts itself can be asked on its command line, besides being given settings.</summary>
internal static class CommandLine
{
    private const string HealthProbe = "--health-probe";
    private const string Version = "--version";
    private const string Help = "--help";

    /// <summary>Does what one of the options asks, and ends the program. Returns where it is started for its functions.</summary>
    public static void RunOption(IConfiguration configuration)
    {
        var program = Assembly.GetEntryAssembly();
        var version = $"{program?.GetName().Name} {program?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}";
        switch (Environment.GetCommandLineArgs().Skip(1).FirstOrDefault(argument => argument is HealthProbe or Version or Help))
        {
            case HealthProbe:
                Environment.Exit(Probe(configuration));
                break;

            case Version:
                Console.WriteLine(version);
                Environment.Exit(0);
                break;

            case Help:
                Console.WriteLine($"""
                    {version}: a function app that hosts itself. Without an option it runs its functions until Ctrl-C or SIGTERM.

                      --NAME=VALUE      a setting; wins over the environment and the files
                      {HealthProbe}    asks the app that runs on this machine whether it is ready: exit code 0 for yes, 1 for no;
                                        the setting {HealthEndpoint.PortSetting} is its port
                      {Version}         the app's version
                      {Help}            this text
                    """);
                Environment.Exit(0);
                break;
        }
    }

    /// <summary>Notes the arguments that are neither options nor settings, of those that the program gave its builder: the configuration takes no
    /// notice of them.</summary>
    public static void Check(IConfiguration configuration, StartupProblems problems)
    {
        // The one with switch mappings is of Microsoft's worker, and has the program's path among the arguments.
        var given = ((configuration as IConfigurationBuilder)?.Sources ?? []).OfType<CommandLineConfigurationSource>().FirstOrDefault(source => source.SwitchMappings is null);
        var arguments = given?.Args.ToArray() ?? [];
        for (var index = 0; index < arguments.Length; index++)
        {
            var argument = arguments[index];
            var isName = argument.StartsWith("--", StringComparison.Ordinal) || argument.StartsWith('/');
            if (isName && !argument.Contains('=', StringComparison.Ordinal) && index + 1 < arguments.Length && !arguments[index + 1].StartsWith("--", StringComparison.Ordinal))
            {
                index++; // --NAME VALUE
            }
            else if (argument.IndexOf('=', StringComparison.Ordinal) < 1)
            {
                problems.Add($"The argument '{argument}' is unknown. Write a setting as --NAME=VALUE; {Help} shows the options.");
            }
        }
    }

    /// <summary>The program as the probe of another process of itself, for images that have no shell and no HTTP client.</summary>
    private static int Probe(IConfiguration configuration)
    {
        // The provider that the program was given takes the argument after the option for its value.
        var settings = new ConfigurationBuilder().AddConfiguration(configuration).AddCommandLine([.. Environment.GetCommandLineArgs().Skip(1).Where(argument => argument != HealthProbe)]).Build();
        if (HealthEndpoint.Port(settings) is not { } port)
        {
            Console.Error.WriteLine($"{HealthProbe} needs the port of the health endpoint, 1 to 65535, in the setting '{HealthEndpoint.PortSetting}'.");
            return 1;
        }

        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using var answer = client.Send(new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}{HealthEndpoint.ReadyPath}"));
            using var text = new StreamReader(answer.Content.ReadAsStream());
            Console.WriteLine(text.ReadToEnd().TrimEnd());
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            Console.Error.WriteLine($"The app does not answer at port {port}: {exception.Message}");
            return 1;
        }
    }
}
