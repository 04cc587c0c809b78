using System.Diagnostics;
using System.Text.Json;
using OpenTelemetry;

namespace RabbitTopics.Tracing.App;

/// <summary>Prints each span as a line of JSON, for a test that runs this app as a process.</summary>
internal sealed class PrintingExporter : BaseExporter<Activity>
{
    public override ExportResult Export(in Batch<Activity> batch)
    {
        foreach (var span in batch)
        {
            Console.Out.WriteLine($"span {JsonSerializer.Serialize(new
            {
                Source = span.Source.Name,
                Name = span.DisplayName,
                Kind = $"{span.Kind}",
                TraceId = $"{span.TraceId}",
                SpanId = $"{span.SpanId}",
                ParentId = $"{span.ParentSpanId}",
                State = span.TraceStateString,
                Status = $"{span.Status}",
                Links = span.Links.Select(link => $"{link.Context.SpanId}"),
                Attributes = span.TagObjects.ToDictionary(tag => tag.Key, tag => $"{tag.Value}"),
            })}");
        }

        return ExportResult.Success;
    }
}
