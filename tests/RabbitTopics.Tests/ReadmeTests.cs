namespace RabbitTopics.Tests;

public sealed class ReadmeTests
{
    [Fact]
    public void The_handler_in_the_README_is_the_one_that_is_compiled()
    {
        var source = File.ReadAllText(Path.Combine(TestSupport.Repository.Root, "src", "FunctionApp", "HandlePerson.cs"));

        Assert.Contains(source.Trim(), File.ReadAllText(Path.Combine(TestSupport.Repository.Root, "README.md")), StringComparison.Ordinal);
    }
}
