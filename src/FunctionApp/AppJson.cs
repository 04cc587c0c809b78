using System.Text.Json.Serialization;

namespace FunctionApp;

/// <summary>The types of the app's messages, for JSON without reflection.</summary>
[JsonSerializable(typeof(Person))]
internal sealed partial class AppJson : JsonSerializerContext;
