using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Conformance;

/// <summary>Functions and middleware as Microsoft's documentation writes them.</summary>
public sealed class StockTests(ConformanceRun run)
{
    [Fact]
    public async Task Middleware_options_binding_data_and_several_outputs_work_as_in_any_isolated_worker_app()
    {
        await using var channel = await run.OpenChannelAsync();

        await run.PublishAsync($"{run.Name}.stock-orders", Encoding.UTF8.GetBytes("""{"Id":5,"Text":"five"}"""), exchange: "");

        var seen = await run.SeenAsync("StockOrder");
        Assert.Equal($"5|five (changed)|hello|StockOrder|True|False|{run.Name}.stock-orders|False|True", seen.Value);
        Assert.Equal("second of rabbitMQ changed", Encoding.UTF8.GetString((await channel.TakeAsync($"{run.Name}.stock-second")).Body.Span));
    }

    [Fact]
    public async Task A_static_function_with_a_ValueTask_takes_text()
    {
        await run.PublishAsync($"{run.Name}.stock-text", Encoding.UTF8.GetBytes("张三"), exchange: "");

        Assert.Equal("张三", (await run.SeenAsync("StockText")).Value);
    }

    [Fact]
    public async Task A_timer_shows_its_schedule_as_TimerInfo_and_as_a_class_of_the_apps_own()
    {
        await using var channel = await run.OpenChannelAsync();

        Seen[] seen = [await TakeAsync(channel), await TakeAsync(channel)];

        Assert.Equal(["StockTimer: next 0", "StockTimerOfItsOwn: next 0"], seen.Select(seen => $"{seen.Function}: {seen.Value}").Order());

        async Task<Seen> TakeAsync(IChannel on) => JsonSerializer.Deserialize<Seen>((await on.TakeAsync($"{run.Name}.stock-timers")).Body.Span)!;
    }
}
