namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Where a function app begins.</summary>
public class FunctionsApplication
{
    /// <summary>Makes a builder for the app: its settings are those of host.json, local.settings.json and the environment,
    /// and its functions those that were found when it was compiled.</summary>
    /// <param name="args">The program's arguments; <c>--name value</c> sets a setting.</param>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args) => new(args);
}
