using System.Globalization;
using System.Runtime.InteropServices;
using RabbitTopics.Benchmarks.Commands;
using RabbitTopics.Benchmarks.Contenders;
using RabbitTopics.Benchmarks.Measuring;
using RabbitTopics.TestSupport;

if (args is [StartCommand.RawProgram, var queue])
{
    await StartCommand.RunRawAsync(new Uri(Environment.GetEnvironmentVariable("RabbitMQ")!), queue);
    return 0;
}

if (args is [ContenderProcess.Argument, var contender, var workload, var count, var exchange, var measured])
{
    return await ContenderProcess.RunAsync(contender, workload, count, exchange, measured);
}

if (args is [ManyFunctions.Argument, var prefix, var functions, var messages])
{
    return await ManyFunctions.RunAsync(prefix, int.Parse(functions, CultureInfo.InvariantCulture), int.Parse(messages, CultureInfo.InvariantCulture));
}

if (args is ["wolverine-code"])
{
    new WolverineContender(new Uri("amqp://unused")).WriteCode();
    return 0;
}

if (!Options.TryParse(args, out var options, out var problem))
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine(Options.Usage);
    return 2;
}

// A host that runs takes these signals for its own; queues and a private broker must not outlive the program.
using var interrupted = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
try
{
    // The demo app's queues have fixed names, and those of many functions are thousands: not on a broker that others use.
    var given = options.IsStart || options.IsMany ? null : Environment.GetEnvironmentVariable("RabbitMQ");
    await using var own = string.IsNullOrEmpty(given) ? await PrivateBroker.StartNewAsync() : null;
    var broker = own?.Uri ?? new Uri(given!);
    await (options.IsStart ? new StartCommand(broker, options).RunAsync(interrupted.Token)
        : options.IsMany ? new ManyCommand(own!, options).RunAsync(interrupted.Token)
        : new CompareCommand(broker, options).RunAsync(interrupted.Token));
    return 0;
}
catch (CaseFailedException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    return 130;
}

void Interrupt(PosixSignalContext context)
{
    context.Cancel = true;
    interrupted.Cancel();
}
