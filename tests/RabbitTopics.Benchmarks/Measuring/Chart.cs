using System.Globalization;
using System.Text;

namespace RabbitTopics.Benchmarks.Measuring;

/// <summary>A picture of a workload: for each figure a bar for each contender, as long as its median is large, and a line from its least to its
/// most.</summary>
internal static class Chart
{
    private const int Names = 130;
    private const int Bars = 360;
    private const int Width = Names + Bars + 130;
    private const int Row = 20;

    public static async Task WriteAsync(Results results, string folder)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, $"{results.Workload.Name}.svg"), Svg(results));
    }

    private static string Svg(Results results)
    {
        var rows = new StringBuilder();
        var y = Row;
        Add($"""<text x="8" y="{y}" font-weight="bold">{results.Workload.Name}</text>""");
        foreach (var figure in results.Workload.Figures)
        {
            y += Row + 8;
            Add($"""<text x="8" y="{y}">{figure.Unit}</text>""");
            var most = results.Contenders.Max(contender => results.Of(contender, figure).Most);
            foreach (var contender in results.Contenders)
            {
                y += Row;
                var spread = results.Of(contender, figure);
                Add($"""<text x="{Names - 8}" y="{y}" text-anchor="end">{contender}</text>""");
                Add($"""<rect x="{Names}" y="{y - 12}" width="{At(spread.Median)}" height="14" fill="{(contender == "ours" ? "#d9730d" : "#9aa5b1")}"/>""");
                Add($"""<path d="M{Names + At(spread.Least)} {y - 5}H{Names + At(spread.Most)}" stroke="#1f2933"/>""");
                Add($"""<text x="{Names + At(spread.Most) + 8}" y="{y}">{Report.Number(spread.Median)}</text>""");
            }

            int At(double number) => (int)(number / most * Bars);
        }

        return $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{y + Row}" font-family="sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="white"/>
            {rows}</svg>

            """;

        void Add(FormattableString line) => rows.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }
}
