using System.Net.Http.Json;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Tool;

/// <summary>What the page of <c>rabbittopics ui</c> does with dead letters, asked as its script asks.</summary>
public sealed class PageDeadLettersTests(SharedBroker broker)
{
    [Fact]
    public async Task Of_dead_letters_that_are_the_same_as_many_are_taken_as_were_chosen()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await FillAsync(library, 3);
        await using var page = await PageProcess.StartAsync(broker.Uri, library.Queue);
        using var client = new HttpClient { BaseAddress = page.Address };

        var keys = await LookAsync(client, library);
        Assert.Equal(3, keys.Length);
        Assert.Single(keys.Distinct());
        Assert.Equal(2, await ChangeAsync(client, "delete", library, keys[..2]));
        Assert.Equal(1u, await Client.CountAsync(broker.Uri, $"{library.Queue}.dead"));
        Assert.Equal(1, await ChangeAsync(client, "replay", library, keys)); // Two of them are not there any more.
        Assert.Equal(1u, await Client.CountAsync(broker.Uri, library.Queue));
    }

    [Fact]
    public async Task A_dead_letter_in_a_quorum_queue_is_the_same_however_often_it_is_looked_at()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var dead = $"{library.Queue}.dead";
        await library.Channel.QueueDeclareAsync(dead, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await library.Channel.QueueBindAsync(dead, "amq.topic", dead);
        await library.Channel.BasicPublishAsync("amq.topic", dead, mandatory: true, "of another program"u8.ToArray());
        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, dead) == 1, "the message");
        await using var page = await PageProcess.StartAsync(broker.Uri, library.Queue);
        using var client = new HttpClient { BaseAddress = page.Address };

        var looks = new List<string>();
        for (var look = 0; look < 4; look++)
        {
            await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, dead) == 1, "the message to be returned");
            looks.Add(Assert.Single(await LookAsync(client, library)));
        }

        Assert.Single(looks.Distinct());
        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, dead) == 1, "the message to be returned");
        Assert.Equal("of another program", (await client.GetFromJsonAsync<JsonElement>($"/api/dead?queue={dead}")).GetProperty("letters")[0].GetProperty("body").GetProperty("text").GetString());
        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, dead) == 1, "the message to be returned");
        Assert.Equal(1, await ChangeAsync(client, "replay-to-exchange", library, looks[..1]));
        Assert.Equal("amq.topic", (await library.Channel.TakeAsync(dead)).Exchange);
    }

    [Fact]
    public async Task A_page_that_is_ended_in_the_middle_of_a_replay_puts_nothing_back_twice()
    {
        const int count = 3000;
        await using var library = await Library.OnAsync(broker.Uri);
        await FillAsync(library, count);
        await using var page = await PageProcess.StartAsync(broker.Uri, library.Queue);
        using var client = new HttpClient { BaseAddress = page.Address };
        var key = (await LookAsync(client, library))[0];

        var replay = client.PostAsJsonAsync("/api/dead/replay", new { Queue = $"{library.Queue}.dead", Keys = Enumerable.Repeat(key, count) });
        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, library.Queue) > 0, "the first of them");
        Assert.Equal(0, await page.StopAsync());
        await Task.WhenAny(replay); // It was answered, or the server was gone before.

        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, library.Queue) + await Client.CountAsync(broker.Uri, $"{library.Queue}.dead") == count, "all of them once");
        Assert.DoesNotContain("Exception", page.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_is_gone_is_said()
    {
        await using var own = await PrivateBroker.StartNewAsync();
        await using var page = await PageProcess.StartAsync(own.Uri, "any");
        using var client = new HttpClient { BaseAddress = page.Address, Timeout = Wait.Patience };
        await own.KillAsync();

        foreach (var path in new[] { "/api/queues", "/api/dead?queue=any.dead" })
        {
            using var response = await client.GetAsync(path);
            Assert.Equal(502, (int)response.StatusCode);
            Assert.Contains($"{own.Uri.Host}:{own.Uri.Port}", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    /// <summary>Puts messages into the dead-letter queue that are all the same.</summary>
    private static async Task FillAsync(Library library, int count)
    {
        var dead = await library.DeclareQueuesAsync();

        for (var number = 0; number < count; number++)
        {
            await library.Channel.BasicPublishAsync("", dead, mandatory: true, new BasicProperties { Headers = new Dictionary<string, object?> { [HeaderNames.OriginalQueue] = library.Queue } }, "twin"u8.ToArray());
        }

        await Wait.UntilAsync(async () => await library.Channel.MessageCountAsync(dead) == count, "the dead letters");
    }

    private static async Task<string[]> LookAsync(HttpClient client, Library library) =>
        [.. (await client.GetFromJsonAsync<JsonElement>($"/api/dead?queue={library.Queue}.dead")).GetProperty("letters").EnumerateArray().Select(letter => letter.GetProperty("key").GetString()!)];

    private static async Task<int> ChangeAsync(HttpClient client, string action, Library library, IEnumerable<string> keys)
    {
        using var response = await client.PostAsJsonAsync($"/api/dead/{action}", new { Queue = $"{library.Queue}.dead", Keys = keys });
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("done").GetInt32();
    }
}
