namespace RabbitTopics;

/// <summary>Reads bodies of a format that the library does not know. Registered as a service
/// (<c>services.AddSingleton&lt;IBodyReader, MyReader&gt;()</c>) and asked before the formats that it does.</summary>
public interface IBodyReader
{
    /// <summary>Whether this reader reads bodies of a media type as values of a type.</summary>
    /// <param name="mediaType">The media type without parameters, in lower case, for example <c>application/x-protobuf</c>; that
    /// of a message that names none is <c>application/json</c>.</param>
    /// <param name="type">The type that is asked for.</param>
    bool CanRead(string mediaType, Type type);

    /// <summary>Reads a body. An exception parks the message: no other attempt could read it.</summary>
    /// <param name="body">The body, its content encoding undone.</param>
    /// <param name="type">The type that is asked for.</param>
    object? Read(ReadOnlyMemory<byte> body, Type type);
}
