namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>The names that the generator knows. The types themselves are not referenced: a generator must not load them.</summary>
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

    public const string ConstructorChoice = "Microsoft.Extensions.DependencyInjection.ActivatorUtilitiesConstructorAttribute";
    public const string ServiceKey = "Microsoft.Extensions.DependencyInjection.FromKeyedServicesAttribute";

    /// <summary>A message with its body as a type, and the converter that makes it. Named here and not by an
    /// [InputConverter] on the message, whose library knows nothing of functions.</summary>
    public const string TypedMessage = "RabbitTopics.Messages.TopicMessage`1";
    public const string TypedMessageConverter = "global::RabbitTopics.Functions.Converters.TopicMessageConverter";
    public const string MessageBody = "global::RabbitTopics.Messages.MessageBody";

    /// <summary>The same for a collector of messages to publish.</summary>
    public const string Collector = "RabbitTopics.Functions.ITopicCollector`1";
    public const string CollectorConverter = "global::RabbitTopics.Functions.Converters.TopicCollectorConverter";
    public const string Publisher = "global::RabbitTopics.Publish.ITopicPublisher";
    public const string SettingReferences = "global::RabbitTopics.Settings.SettingReferences";

    /// <summary>Types and attributes of ours are below it.</summary>
    public const string Ours = "RabbitTopics";

    /// <summary>An output attribute of ours cannot derive from Microsoft's: its host would take it for a binding it does not
    /// know. It is told by its name.</summary>
    public const string OurOutput = "TopicOutputAttribute";
    public const string OurFunctions = "RabbitTopics.Functions";
}
