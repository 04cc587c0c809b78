using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Analyzers;
using RabbitTopics.Telemetry;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Tests.Docs;

/// <summary>docs/reference.md names what the code has: options with their types and defaults, attributes, settings, headers, reasons, exceptions and rules.</summary>
public sealed partial class ReferenceDocsTests
{
    private static readonly Page Reference = Page.Of("docs/reference.md");
    private static readonly string Text = string.Join('\n', Reference.Lines);

    private static readonly Type[] PublicTypes =
        [.. new[] { typeof(TopicMessage), typeof(TopicOutputAttribute), typeof(RabbitMQTriggerAttribute) }.SelectMany(type => type.Assembly.GetExportedTypes())];

    public static TheoryData<string> TypesWithRows => [.. PublicTypes.Where(HasRows).Select(type => type.FullName!)];

    [Theory]
    [MemberData(nameof(TypesWithRows))]
    public void It_has_a_row_for_each_property_of(string name)
    {
        var type = PublicTypes.Single(type => type.FullName == name);
        var section = Reference.Section(typeof(Attribute).IsAssignableFrom(type) ? $"[{type.Name[..^"Attribute".Length]}]" : type.Name);
        var defaults = type.IsAssignableTo(typeof(Attribute)) ? null : Activator.CreateInstance(type);

        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        {
            var row = section.FirstOrDefault(line => line.StartsWith($"| `{property.Name}`", StringComparison.Ordinal));
            Assert.True(row is not null, $"{Reference.Path} has no row for {type.Name}.{property.Name}.");

            var cells = row.Split('|', StringSplitOptions.TrimEntries);
            Assert.True(cells.Length == 7, $"{row} needs the cells name, type, default, range, what.");
            Assert.Contains(Name(property.PropertyType), cells[2], StringComparison.Ordinal);
            if (defaults is not null && Written(property.GetValue(defaults)) is { } value)
            {
                Assert.True(cells[3].Contains(value, StringComparison.Ordinal), $"The default of {type.Name}.{property.Name} is {value}, and the page has: {cells[3]}");
            }
        }
    }

    [Fact]
    public void It_names_every_dead_letter_reason() => AssertNames(Constants(typeof(DeadLetterReasons)).Select(reason => $"`{reason}`"));

    [Fact]
    public void It_names_every_header() => AssertNames(Constants(typeof(HeaderNames)).Append("Micro-ID").Append("Content-Encoding").Select(header => $"`{header}"));

    [Fact]
    public void It_names_every_exception() => AssertNames(PublicTypes.Where(type => type.IsAssignableTo(typeof(Exception))).Select(type => $"`{type.Name}`"));

    [Fact]
    public void It_names_every_value_of_an_enumeration() => AssertNames(PublicTypes.Where(type => type.IsEnum).SelectMany(Enum.GetNames).Select(value => $"`{value}`"));

    [Fact]
    public void It_names_every_rule_of_the_analyzer() => AssertNames(new FunctionsAnalyzer().SupportedDiagnostics.Select(rule => $"| {rule.Id} |"));

    [Fact]
    public void The_page_of_telemetry_names_every_attribute_and_instrument()
    {
        var page = string.Join('\n', Page.Of("docs/telemetry.md").Lines);
        var instruments = typeof(Metrics).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetValue(null)).OfType<Instrument>().Select(instrument => instrument.Name).ToList();

        Assert.True(instruments.Count >= 10, $"Only {instruments.Count} instruments were found.");
        Assert.All(Constants(typeof(Conventions)).Where(name => name.Contains('.', StringComparison.Ordinal) && name != "amq.default").Concat(instruments), name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void It_names_every_setting_that_the_code_reads()
    {
        var settings = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(file => Setting().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value)).Distinct().ToArray();

        Assert.Contains("RABBITTOPICS_HEALTH_PORT", settings);
        Assert.Contains("AzureWebJobs", settings);
        AssertNames(settings.Select(setting => $"`{setting}"));
    }

    private static void AssertNames(IEnumerable<string> names)
    {
        var missing = names.Where(name => !Text.Contains(name, StringComparison.Ordinal)).ToArray();

        Assert.True(missing.Length == 0, $"{Reference.Path} does not name {string.Join(", ", missing)}.");
    }

    private static bool HasRows(Type type) =>
        type is { IsClass: true, IsAbstract: false } && type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Length > 0
        && (type.Name.EndsWith("Options", StringComparison.Ordinal) || type.IsAssignableTo(typeof(Attribute)) || type == typeof(ErrorPolicy) || type == typeof(MessageProperties));

    private static IEnumerable<string> Constants(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)
        .Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);

    private static string Name(Type type) => Nullable.GetUnderlyingType(type) is { } value ? Name(value)
        : type.IsArray ? $"{Name(type.GetElementType()!)}[]"
        : type.IsGenericType ? type.Name.Split('`')[0]
        : type.Name switch
        {
            nameof(Int32) => "int",
            nameof(Double) => "double",
            nameof(Int64) => "long",
            nameof(Byte) => "byte",
            nameof(Boolean) => "bool",
            nameof(String) => "string",
            nameof(Object) => "object",
            var name => name,
        };

    /// <summary>A default as the page writes it; null where that is checked by nobody.</summary>
    private static string? Written(object? value) => value switch
    {
        null => "none",
        TimeSpan time => time == Timeout.InfiniteTimeSpan ? "no limit" : $"`{time}`",
        bool flag => flag ? "`true`" : "`false`",
        int or long or string or Enum => $"`{value}`",
        IEnumerable<TimeSpan> times => $"`{string.Join(", ", times)}`",
        IEnumerable<Type> types => types.Any() ? null : "none",
        _ => null,
    };

    [GeneratedRegex("\"((?:RABBITTOPICS|WEBSITE|FUNCTIONS)_[A-Z_]+|Azure[A-Za-z]+|Functions:Worker:[A-Za-z]+)[\".]")]
    private static partial Regex Setting();
}
