using FunctionApp;
using Microsoft.Extensions.DependencyInjection;

namespace RabbitTopics.Testing.Tests;

/// <summary>The demo app's own tests.</summary>
public sealed class FunctionAppTests
{
    [Fact]
    public async Task A_person_is_logged()
    {
        await using var app = await TestApp.StartAsync<HandlePerson>();

        var result = await app.SendAsync("test", new Person(5, "张三"), function: nameof(HandlePerson));

        Assert.Equal(HandlingOutcome.Completed, result.Outcome);
        Assert.Contains(app.Log, line => line.Text == "Received 5 张三 on topic test");
    }

    [Fact]
    public async Task A_result_that_is_longer_than_MaxMessageBytes_is_not_published()
    {
        await using var app = await TestApp.StartAsync<HandlePerson>(options =>
            options.ConfigureServices = services => services.Configure<RabbitTopicsOptions>(app => app.MaxMessageBytes = 5));

        var failure = await Assert.ThrowsAsync<MessageTooLargeException>(() => app.RunTimerAsync(nameof(PublishReminder)));

        Assert.Equal(("", "rabbitmqdemo_test"), (failure.Exchange, failure.Topic));
        Assert.Empty(app.Published);
    }

    [Fact]
    public async Task A_person_is_published_every_second_and_one_to_the_queue_every_ten()
    {
        await using var app = await TestApp.StartAsync<HandlePerson>();

        await app.AdvanceAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(20, app.Published.Count(message => message is { Topic: "test", Exchange: "amq.topic" }));
        Assert.Equal(["李四", "李四"], app.Published.Where(message => message is { RoutingKey: "rabbitmqdemo_test", Exchange: "" }).Select(message => message.As<Person>()!.Name));
    }
}
