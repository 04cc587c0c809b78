using Microsoft.Extensions.Configuration;
using RabbitTopics.Connections;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Binding;

namespace RabbitTopics.Tests.Functions;

public sealed class TopicOutputWriterTests
{
    [Fact]
    public async Task An_output_is_mandatory_as_the_app_says_unless_it_says_so_itself()
    {
        Assert.Null((await WrittenAsync(new TopicOutputAttribute("a"))).Mandatory);
        Assert.False((await WrittenAsync(new TopicOutputAttribute("a") { Mandatory = false })).Mandatory);
        Assert.True((await WrittenAsync(new TopicOutputAttribute("a") { Mandatory = true })).Mandatory);
    }

    [Fact]
    public void Apps_can_make_every_exception_of_publishing_for_their_tests() =>
        Assert.All(typeof(TopicPublishException).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(TopicPublishException))), type => Assert.NotEmpty(type.GetConstructors()));

    private static async Task<PublishOptions> WrittenAsync(TopicOutputAttribute output)
    {
        var publisher = new RecordingPublisher();
        await new TopicOutputWriter(publisher, new SettingReferences(new ConfigurationBuilder().Build())).WriteAsync(output, "x", CancellationToken.None);
        return publisher.Options!;
    }

    private sealed class RecordingPublisher : ITopicPublisher
    {
        public PublishOptions? Options { get; private set; }

        public Task PublishAsync(string topic, object value, PublishOptions? options, CancellationToken cancellationToken)
        {
            Options = options;
            return Task.CompletedTask;
        }

        public Task PublishAsync(TopicMessage message, PublishOptions? options, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task PublishAllAsync(IEnumerable<TopicMessage> messages, PublishOptions? options, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
