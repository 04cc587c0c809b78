using Microsoft.Extensions.Logging;

namespace RabbitTopics.Testing;

/// <summary>A line that the app logged.</summary>
/// <param name="Level">The level.</param>
/// <param name="Category">The category, such as the name of the class that logs.</param>
/// <param name="Text">The text, its values filled in.</param>
/// <param name="Exception">The exception that it was logged with.</param>
public sealed record LogLine(LogLevel Level, string Category, string Text, Exception? Exception);
