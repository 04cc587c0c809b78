using System.Text;
using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions;

namespace RabbitTopics.Conformance.App;

/// <summary>Functions that end in every way there is.</summary>
public sealed class SettlingFunctions(Recorder recorder)
{
    [Function("Failing")]
    [ErrorPolicy(ErrorAction.Retry, Delays = "00:00:00.100", MaxAttempts = 5)]
    public async Task Failing(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.failing", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.failing")]
        TopicMessage message)
    {
        await recorder.SawAsync("Failing", message);
        throw new InvalidOperationException("It always fails; amqp://user:s3cret@host is no secret here.");
    }

    /// <summary>Has the app's default policy: fails three times, and so meets each of its delays.</summary>
    [Function("Delayed")]
    public async Task Delayed(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.delayed", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.delayed")]
        TopicMessage message)
    {
        await recorder.SawAsync("Delayed", message);
        if (message.Attempt < 4 && Encoding.UTF8.GetString(message.Body.Span) == "late")
        {
            throw new InvalidOperationException($"Attempt {message.Attempt}.");
        }
    }

    [Function("Acting")]
    public async Task Acting(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.acting", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.acting")]
        string text,
        TopicMessage message,
        TopicMessageActions actions)
    {
        await recorder.SawAsync("Acting", message);
        switch (text)
        {
            case "complete and throw":
                await actions.CompleteAsync();
                throw new InvalidOperationException("It is complete all the same.");
            case "abandon" when message.Attempt == 1:
                await actions.AbandonAsync();
                break;
            case "retry" when message.Attempt == 1:
                await actions.RetryAsync(TimeSpan.FromMilliseconds(100));
                break;
            case "dead-letter":
                await actions.DeadLetterAsync("odd", "The function does not like it.");
                break;
        }
    }

    /// <summary>Handles each message once; the first attempt at it fails.</summary>
    [Function("Once")]
    [Consume(Deduplicate = true)]
    [ErrorPolicy(ErrorAction.Requeue)]
    public async Task Once(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.once", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.once")]
        string text,
        TopicMessage message)
    {
        if (text == "failing" && message.Attempt == 1)
        {
            throw new InvalidOperationException("The first attempt fails.");
        }

        await recorder.SawAsync("Once", message);
    }

    /// <summary>Handles each message once, and is not done with it before its output is written.</summary>
    [Function("OnceWithOutput")]
    [Consume(Deduplicate = true)]
    [ErrorPolicy(ErrorAction.Retry, Delays = "00:00:00.100", MaxAttempts = ErrorPolicy.Unlimited)]
    [RabbitMQOutput(QueueName = "%CONFORMANCE_RUN%.once-output", ConnectionStringSetting = "RabbitMQ")]
    public async Task<string> OnceWithOutput(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.once-with-output", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.once-with-output")]
        string text,
        TopicMessage message)
    {
        await recorder.SawAsync("OnceWithOutput", message);
        return text;
    }

    /// <summary>Takes its time, all of a prefetch at once.</summary>
    [Function("Lasting")]
    [Consume(Concurrency = 30, Prefetch = 30)]
    public async Task Lasting(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.lasting", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.lasting")]
        TopicMessage message)
    {
        await recorder.SawAsync("Lasting begun", message);
        await Task.Delay(TimeSpan.FromSeconds(5), CancellationToken.None);
        await recorder.SawAsync("Lasting", message);
    }

    /// <summary>Holds its messages until it is cancelled, unless told otherwise.</summary>
    [Function("Holding")]
    [Consume(Prefetch = 100)]
    public async Task Holding(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.holding", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.holding")]
        TopicMessage message,
        CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable("CONFORMANCE_HOLD") is { } how)
        {
            await (how == "deaf" ? recorder.SawAsync("Holding begun", message) : Task.CompletedTask);
            await Task.Delay(Timeout.Infinite, how == "deaf" ? CancellationToken.None : cancellationToken);
        }

        await recorder.SawAsync("Holding", message);
    }

    /// <summary>Ends the process, without a goodbye, on a message that says so.</summary>
    [Function("Crashing")]
    [ErrorPolicy(ErrorAction.Retry, MaxRedeliveries = 2)]
    public async Task Crashing(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.crashing", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.crashing")]
        [QueueOptions(Type = "quorum")]
        TopicMessage message)
    {
        await recorder.SawAsync("Crashing", message);
        if (Encoding.UTF8.GetString(message.Body.Span) == "crash")
        {
            using var self = System.Diagnostics.Process.GetCurrentProcess();
            self.Kill();
        }
    }

    /// <summary>Takes anything: a message is parked or its id is told.</summary>
    [Function("Fuzzed")]
    [ErrorPolicy(ErrorAction.DeadLetter)]
    public async Task Fuzzed(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.fuzzed", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.fuzzed")]
        Item item,
        TopicMessage message) =>
        await recorder.SawAsync("Fuzzed", $"{message.Properties.MessageId}");
}
