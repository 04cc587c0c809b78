using System.Diagnostics;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;

namespace RabbitTopics.Testing.Hosting;

/// <summary>Gets the host that a program builds: runs its entry point until the host is there, and lets it go no further. The hosting library tells of
/// both by the diagnostic source <c>Microsoft.Extensions.Hosting</c>, for tools.</summary>
internal sealed class EntryPointHost : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    private static readonly TimeSpan LongestBuild = TimeSpan.FromMinutes(2); // A machine may be busy.

    private static readonly AsyncLocal<EntryPointHost?> Running = new(); // Other programs may be started at the same time.

    private readonly Assembly _program;
    private readonly Action<IHostBuilder> _configure;
    private IDisposable? _subscription;
    private IHost? _host;

    private EntryPointHost(Assembly program, Action<IHostBuilder> configure) => (_program, _configure) = (program, configure);

    /// <summary>The host of a program, not started.</summary>
    /// <param name="program">The program's assembly.</param>
    /// <param name="configure">Changes what the program has built up, last of all.</param>
    /// <exception cref="InvalidOperationException">It has no entry point, is the program that runs, or ended without a host.</exception>
    /// <exception cref="TimeoutException">It built no host in time.</exception>
    public static Task<IHost> BuildAsync(Assembly program, Action<IHostBuilder> configure)
    {
        var name = program.GetName().Name;
        var entryPoint = program.EntryPoint
            ?? throw new InvalidOperationException($"'{name}' is no program: it has no entry point. Name a type of the function app's own project.");

        // A test program that is run within itself starts all of its tests again, and they it.
        return program == Assembly.GetEntryAssembly()
            ? throw new InvalidOperationException($"'{name}' is the program that runs the tests. Name a type of the function app's own project.")
            : BuildAsync(entryPoint, configure, Debugger.IsAttached ? Timeout.InfiniteTimeSpan : LongestBuild);
    }

    /// <summary>The same by a program's entry point, with an end to the waiting.</summary>
    internal static async Task<IHost> BuildAsync(MethodInfo entryPoint, Action<IHostBuilder> configure, TimeSpan longest)
    {
        var program = entryPoint.Module.Assembly;
        var result = new TaskCompletionSource<IHost>(TaskCreationOptions.RunContinuationsAsynchronously);

        // A thread of its own: an entry point that does not stop where it should must not hold one of the pool's.
        new Thread(() => Run(entryPoint, new EntryPointHost(program, configure), result)) { IsBackground = true }.Start();
        try
        {
            return await result.Task.WaitAsync(longest);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The entry point of '{program.GetName().Name}' built no host within {longest.TotalSeconds:0.###} s. See what it waits for before Build().");
        }
    }

    void IObserver<DiagnosticListener>.OnNext(DiagnosticListener value)
    {
        if (Running.Value == this && value.Name == "Microsoft.Extensions.Hosting")
        {
            _subscription = value.Subscribe(this);
        }
    }

    void IObserver<KeyValuePair<string, object?>>.OnNext(KeyValuePair<string, object?> value)
    {
        if (Running.Value != this)
        {
            return;
        }

        switch (value)
        {
            case { Key: "HostBuilding", Value: IHostBuilder builder }:
                Configure(builder);
                break;
            case { Key: "HostBuilt", Value: IHost host }:
                _host = host;
                throw new HostAbortedException(); // What programs let pass.
        }
    }

    void IObserver<DiagnosticListener>.OnCompleted()
    {
    }

    void IObserver<DiagnosticListener>.OnError(Exception error)
    {
    }

    void IObserver<KeyValuePair<string, object?>>.OnCompleted()
    {
    }

    void IObserver<KeyValuePair<string, object?>>.OnError(Exception error)
    {
    }

    private static void Run(MethodInfo entryPoint, EntryPointHost run, TaskCompletionSource<IHost> result)
    {
        Running.Value = run;
        Exception failure;
        using var listeners = DiagnosticListener.AllListeners.Subscribe(run);
        try
        {
            entryPoint.Invoke(null, entryPoint.GetParameters().Length == 0 ? null : [Array.Empty<string>()]);
            failure = new InvalidOperationException(
                $"The entry point of '{run._program.GetName().Name}' ended without building a host. Let it build one, as FunctionsApplication.CreateBuilder(args).Build() does.");
        }
        catch (Exception exception)
        {
            failure = exception is TargetInvocationException { InnerException: { } inner } ? inner : exception;
        }

        run._subscription?.Dispose();
        _ = run._host is { } host ? result.TrySetResult(host) : result.TrySetException(failure); // Whatever the program makes of being stopped.
    }

    private void Configure(IHostBuilder builder)
    {
        // Worker.Sdk's generated code registers the functions of the program that the process was started as. That is the test's.
        foreach (var startup in _program.GetTypes().Where(type => type is { IsAbstract: false, IsInterface: false } && type.IsAssignableTo(typeof(IAutoConfigureStartup))))
        {
            ((IAutoConfigureStartup)Activator.CreateInstance(startup)!).Configure(builder);
        }

        _configure(builder);
    }
}
