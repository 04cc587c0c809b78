namespace FunctionApp;

/// <summary>What the demo sends.</summary>
/// <param name="Id">The time it was made, in seconds since 1970.</param>
/// <param name="Name">A name.</param>
public sealed record Person(long Id, string Name);
