namespace RabbitTopics.TestSupport;

/// <summary>The checkout that the tests run from.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The build configuration of the tests.</summary>
    public static string Configuration { get; } = Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/')))!;

    /// <summary>The command line of a program of this checkout, in the build configuration of the tests.</summary>
    /// <param name="project">The project's folder, which has the program's name.</param>
    public static string Program(string project) => $"'{Path.Combine(Root, project, "bin", Configuration, "net10.0", Path.GetFileName(project))}'";

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Functions.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No Functions.sln above {AppContext.BaseDirectory}: run the tests from a checkout.");
    }
}
