using System.Text;
using Microsoft.Extensions.Configuration;

namespace RabbitTopics.Conformance.App;

/// <summary>Tells the suite what a function sees while it runs: one that fails has no output.</summary>
public sealed class Recorder(ITopicPublisher publisher, IConfiguration configuration)
{
    public Task SawAsync(string function, TopicMessage message) => TellAsync(Seen.From(function, message, Encoding.UTF8.GetString(message.Body.Span)));

    public Task SawAsync(string function, string value) => TellAsync(Seen.From(function, null, value));

    private Task TellAsync(Seen seen) => publisher.PublishAsync($"{configuration["CONFORMANCE_RUN"]}.seen", seen, new PublishOptions { Exchange = "", Timeout = TimeSpan.FromMinutes(10) });
}
