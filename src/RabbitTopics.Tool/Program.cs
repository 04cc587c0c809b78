using System.CommandLine;
using RabbitTopics.Tool;
using RabbitTopics.Tool.Page;

var root = new RootCommand("Looks at the queues and dead letters of RabbitTopics apps. Exit codes: 0 done, 1 failed, 2 wrong command line, 3 not confirmed.")
{
    Session.Setting,
    ManagementApi.Address,
    StatusCommand.Create(),
    DoctorCommand.Create(),
    DeadLetterCommands.Create(),
    MessageCommands.Publish(),
    MessageCommands.Tail(),
    PageCommand.Create(),
};
var parsed = root.Parse(args);
var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) }); // Ctrl-C: what was published is waited for.
return parsed.Errors.Count > 0 ? 2 : exitCode;
