namespace RabbitTopics.Functions.Analyzers;

/// <summary>The names that the analyzer knows. The types themselves are not referenced: an analyzer must not load them.</summary>
internal static class Names
{
    public const string Function = "Microsoft.Azure.Functions.Worker.FunctionAttribute";
    public const string FunctionContext = "Microsoft.Azure.Functions.Worker.FunctionContext";
    public const string RabbitMQTrigger = "Microsoft.Azure.Functions.Worker.RabbitMQTriggerAttribute";
    public const string TimerTrigger = "Microsoft.Azure.Functions.Worker.TimerTriggerAttribute";
    public const string TimerInfo = "Microsoft.Azure.Functions.Worker.TimerInfo";
    public const string Binding = "Microsoft.Azure.Functions.Worker.Extensions.Abstractions.BindingAttribute";
    public const string TriggerBinding = "Microsoft.Azure.Functions.Worker.Extensions.Abstractions.TriggerBindingAttribute";
    public const string OutputBinding = "Microsoft.Azure.Functions.Worker.Extensions.Abstractions.OutputBindingAttribute";
    public const string InputConverter = "Microsoft.Azure.Functions.Worker.Converters.InputConverterAttribute";
    public const string IInputConverter = "Microsoft.Azure.Functions.Worker.Converters.IInputConverter";

    public const string TopicSubscription = "RabbitTopics.Functions.TopicSubscriptionAttribute";
    public const string TopicOutput = "RabbitTopics.Functions.TopicOutputAttribute";
    public const string QueueOptions = "RabbitTopics.Functions.QueueOptionsAttribute";
    public const string Consume = "RabbitTopics.Functions.ConsumeAttribute";
    public const string ErrorPolicy = "RabbitTopics.Functions.ErrorPolicyAttribute";
    public const string Collector = "RabbitTopics.Functions.ITopicCollector`1";

    /// <summary>What a parameter can be besides the body; only a message gives it a value.</summary>
    public static readonly string[] OfMessage =
        ["RabbitTopics.TopicMessage", "RabbitTopics.TopicMessage`1", "RabbitTopics.TopicMessageActions"];

    /// <summary>Types and attributes of ours are below it.</summary>
    public const string Ours = "RabbitTopics";
}
