using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Converters;

namespace RabbitTopics.Tests.MicrosoftApi;

public class InputConvertersTests
{
    [Fact]
    public void Converters_are_asked_in_the_order_of_their_places()
    {
        var converters = new WorkerOptions().InputConverters;
        converters.Register<First>();
        converters.Register<Second>();
        converters.RegisterAt<Third>(0);

        Assert.Equal([typeof(Third), typeof(First), typeof(Second)], converters);
        Assert.Throws<ArgumentOutOfRangeException>(() => converters.RegisterAt<Third>(4));

        converters.Clear();
        Assert.Empty(converters);
    }

    [Fact]
    public void A_result_that_says_nothing_is_unhandled() => Assert.Equal(ConversionStatus.Unhandled, default(ConversionResult).Status);

    [Fact]
    public void An_attribute_that_names_no_converter_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => new InputConverterAttribute(typeof(string)));

    private class First : IInputConverter
    {
        public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) => new(ConversionResult.Unhandled());
    }

    private sealed class Second : First;

    private sealed class Third : First;
}
