namespace RabbitTopics.StandaloneWorker.Discovery;

/// <summary>Where the generated module initializer of each assembly leaves its functions before Main runs.</summary>
public static class FunctionRegistry
{
    private static readonly List<FunctionDescriptor> Registered = [];

    /// <summary>The functions of every assembly loaded so far.</summary>
    public static IReadOnlyList<FunctionDescriptor> Functions
    {
        get
        {
            lock (Registered)
            {
                return [.. Registered];
            }
        }
    }

    /// <summary>Adds the functions of one assembly.</summary>
    public static void Register(IReadOnlyList<FunctionDescriptor> functions)
    {
        lock (Registered)
        {
            Registered.AddRange(functions);
        }
    }
}
