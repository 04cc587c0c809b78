using Microsoft.Extensions.DependencyInjection;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.SelfHost.Invocation;

namespace RabbitTopics.Tests.SelfHost;

public sealed class InvocationContextTests
{
    private static readonly FunctionDescription Function = new("F", ((Delegate)Handle).Method, [new FunctionBinding("""{"name":"message","type":"rabbitMQTrigger","direction":"In","queueName":"q"}""")]);

    [Fact]
    public async Task An_invocation_has_one_scope_of_services_which_ends_with_it()
    {
        await using var services = new ServiceCollection().AddScoped<Resource>().BuildServiceProvider();
        var context = Context(services);

        var resources = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => context.InstanceServices.GetRequiredService<Resource>())));

        var resource = Assert.Single(resources.Distinct());
        Assert.False(resource.IsDisposed);
        await context.EndAsync();
        Assert.True(resource.IsDisposed);
    }

    [Fact]
    public async Task Services_that_are_first_asked_for_after_the_end_are_an_error_and_no_leak()
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        var context = Context(services);
        await context.EndAsync();

        Assert.Throws<ObjectDisposedException>(() => context.InstanceServices);
    }

    private static InvocationContext Context(ServiceProvider services) =>
        new(LoadedFunction.Load(Function, null!), new ValueTrigger("", ""), services.GetRequiredService<IServiceScopeFactory>(), CancellationToken.None);

    private static void Handle(byte[] message)
    {
    }

    private sealed class Resource : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
