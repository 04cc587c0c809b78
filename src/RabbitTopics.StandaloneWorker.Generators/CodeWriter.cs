using System.Text;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Text with indented blocks. Lines end alike on every machine, so that builds are the same.</summary>
internal sealed class CodeWriter
{
    private readonly StringBuilder _text = new();
    private int _indent;

    public void Line(string line = "")
    {
        if (line.Length > 0)
        {
            _text.Append(' ', _indent * 4).Append(line);
        }

        _text.Append('\n');
    }

    public void Open(string bracket)
    {
        Line(bracket);
        _indent++;
    }

    public void Close(string bracket)
    {
        _indent--;
        Line(bracket);
    }

    public override string ToString() => _text.ToString();
}
