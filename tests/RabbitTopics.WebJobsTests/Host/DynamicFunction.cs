using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Host;
using Newtonsoft.Json.Linq;

#pragma warning disable CS0618 // "Not ready for public consumption", and what a Functions host reads bindings with.

namespace RabbitTopics.WebJobsTests.Host;

/// <summary>What functions do that were made at run time.</summary>
public static class DynamicFunctions
{
    private static readonly ConcurrentDictionary<string, Func<Invocation, Task>> Bodies = new();

    /// <summary>What a made method calls.</summary>
    public static Task Run(string name, object message, IBinder binder, string routingKey, string data, bool redelivered, CancellationToken cancellationToken) =>
        Bodies[name](new Invocation(message, binder, routingKey, data, redelivered, [], cancellationToken));

    internal static void Add(string name, Func<Invocation, Task> body) => Bodies[name] = body;
}

/// <summary>One call of a function.</summary>
/// <param name="Body">The trigger's value: bytes or a text.</param>
/// <param name="Binder">Binds outputs.</param>
/// <param name="RoutingKey">Of the binding data, as is what follows.</param>
/// <param name="Data">The entry that is for the app.</param>
/// <param name="Redelivered">Whether the broker delivered the message before.</param>
/// <param name="Outputs">The attributes of the function's outputs.</param>
/// <param name="CancellationToken">The invocation's.</param>
public sealed record Invocation(object Body, IBinder Binder, string RoutingKey, string Data, bool Redelivered, IReadOnlyList<Attribute> Outputs, CancellationToken CancellationToken)
{
    /// <summary>The body as text.</summary>
    public string Text => Body as string ?? System.Text.Encoding.UTF8.GetString((byte[])Body);

    /// <summary>Adds a value to an output, as a Functions host does with what a function of another process returns.</summary>
    public Task PublishAsync<T>(T value, int output = 0) => PublishAllAsync([value], output);

    /// <summary>Adds values to an output, likewise.</summary>
    public async Task PublishAllAsync<T>(IEnumerable<T> values, int output = 0)
    {
        var collector = await Binder.BindAsync<IAsyncCollector<T>>(Outputs[output]);
        foreach (var value in values)
        {
            await collector.AddAsync(value, CancellationToken);
        }
    }
}

/// <summary>A function that is known by the JSON of its bindings alone, as a Functions host makes one for a function of another process: a method
/// whose parameters have the attributes that the extension reads from the JSON. It takes the body as bytes, or as what <c>dataType</c> says.</summary>
/// <param name="Type">The class that holds the method.</param>
internal sealed record DynamicFunction(Type Type)
{
    private static int _count;

    /// <summary>Makes one.</summary>
    /// <param name="metadata">Reads the JSON of bindings.</param>
    /// <param name="queue">The trigger's queue.</param>
    /// <param name="trigger">The rest of the trigger's binding.</param>
    /// <param name="outputs">The bindings of its outputs.</param>
    /// <param name="body">What it does.</param>
    public static DynamicFunction Make(IJobHostMetadataProvider metadata, string queue, string trigger, IReadOnlyList<string> outputs, Func<Invocation, Task> body)
    {
        var json = JObject.Parse(trigger);
        json["type"] = "rabbitMQTrigger";
        json["direction"] = "in";
        json["name"] = "message";
        json["queueName"] ??= queue;
        var attribute = metadata.GetAttribute(metadata.GetAttributeTypeFromName("rabbitMQTrigger"), json);
        var bodyType = metadata.GetDefaultType(attribute, FileAccess.Read, (string?)json["dataType"] == "string" ? typeof(string) : typeof(byte[]));
        var name = $"Function{Interlocked.Increment(ref _count)}";
        Attribute[] outputAttributes = [.. outputs.Select(output => metadata.GetAttribute(metadata.GetAttributeTypeFromName("rabbitMQ"), JObject.Parse(output)))];
        DynamicFunctions.Add(name, invocation => body(invocation with { Outputs = outputAttributes }));
        return new DynamicFunction(Emit(name, attribute, bodyType));
    }

    private static Type Emit(string name, Attribute trigger, Type bodyType)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName($"{name}.Functions"), AssemblyBuilderAccess.Run);
        var type = assembly.DefineDynamicModule("main").DefineType("Functions", TypeAttributes.Public | TypeAttributes.Class);
        (string Name, Type Type)[] parameters =
        [
            ("message", bodyType), ("binder", typeof(IBinder)), ("RoutingKey", typeof(string)), ("RabbitTopics", typeof(string)), ("Redelivered", typeof(bool)),
            ("cancellationToken", typeof(CancellationToken)),
        ];
        var method = type.DefineMethod("Run", MethodAttributes.Public | MethodAttributes.Static, typeof(Task), [.. parameters.Select(parameter => parameter.Type)]);
        method.SetCustomAttribute(new CustomAttributeBuilder(typeof(FunctionNameAttribute).GetConstructor([typeof(string)])!, [name]));
        for (var index = 0; index < parameters.Length; index++)
        {
            var parameter = method.DefineParameter(index + 1, ParameterAttributes.None, parameters[index].Name);
            if (index == 0)
            {
                parameter.SetCustomAttribute(BuilderOf(trigger));
            }
        }

        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldstr, name);
        for (var index = 0; index < parameters.Length; index++)
        {
            code.Emit(OpCodes.Ldarg, (short)index);
        }

        code.Emit(OpCodes.Call, typeof(DynamicFunctions).GetMethod(nameof(DynamicFunctions.Run))!);
        code.Emit(OpCodes.Ret);
        return type.CreateType();
    }

    private static CustomAttributeBuilder BuilderOf(Attribute attribute)
    {
        var set = attribute.GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
            .Where(property => property.CanWrite && property.GetValue(attribute) is not null).ToArray();
        return new CustomAttributeBuilder(
            attribute.GetType().GetConstructor([typeof(string)])!, [((RabbitMQTriggerAttribute)attribute).QueueName], set, [.. set.Select(property => property.GetValue(attribute))]);
    }
}
