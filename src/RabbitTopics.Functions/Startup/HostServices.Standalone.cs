using Microsoft.Extensions.DependencyInjection;

namespace RabbitTopics.Functions.Startup;

/// <summary>The standalone worker declares its topology as it consumes, and hands over bodies as bytes: it needs nothing
/// besides.</summary>
internal static class HostServices
{
    public static void Add(IServiceCollection services)
    {
    }
}
