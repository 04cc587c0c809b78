using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using RabbitTopics.TestSupport;
using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests.Host;

/// <summary>A worker process of the test host, and the talk with it. Each step of Microsoft's host is a method, in the order in which that takes
/// them: <see cref="ConnectAsync"/>, <see cref="InitAsync"/>, <see cref="IndexAsync"/>, <see cref="LoadAsync"/>, then invocations.</summary>
public sealed class HostedWorker : IAsyncDisposable
{
    private readonly AppProcess _process;
    private readonly string _folder;
    private readonly Channel<StreamingMessage> _toWorker = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _asked = new();
    private readonly ConcurrentQueue<RpcLog> _logs = new();
    private volatile bool _isConnected;
    private volatile bool _isGone;

    private HostedWorker(string id, AppProcess process, string folder)
    {
        Id = id;
        _process = process;
        _folder = folder;
    }

    public string Id { get; }

    /// <summary>The app's functions, as it told them.</summary>
    public IReadOnlyList<HostedFunction> Functions { get; private set; } = [];

    /// <summary>What the worker logged to its host so far.</summary>
    public IReadOnlyList<RpcLog> Logs => [.. _logs];

    /// <summary>What the process printed so far.</summary>
    public string Output => _process.Output;

    public bool IsConnected => _isConnected;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program of this checkout as Microsoft's host starts workers: with both spellings of its arguments, and told its folder by
    /// the environment.</summary>
    public static HostedWorker Start(string project, Uri host, IEnumerable<(string Name, string Value)> settings)
    {
        var program = Repository.Program(project);
        var folder = Path.GetDirectoryName(program.Trim('\''))!;
        var (id, request) = ($"{Guid.NewGuid()}", $"{Guid.NewGuid()}");
        var arguments = string.Create(CultureInfo.InvariantCulture, $"""
            --host {host.Host} --port {host.Port} --workerId {id} --requestId {request} --grpcMaxMessageLength {int.MaxValue}
            --functions-uri {host} --functions-worker-id {id} --functions-request-id {request} --functions-grpc-max-message-length {int.MaxValue}
            """).ReplaceLineEndings(" ");
        var environment = settings.ToDictionary(setting => setting.Name, string? (setting) => setting.Value);
        environment["FUNCTIONS_WORKER_DIRECTORY"] = folder;
        environment["FUNCTIONS_APPLICATION_DIRECTORY"] = folder;
        environment["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated";
        environment["RABBITTOPICS_HOST_EXTENSION"] = "Microsoft"; // As which this host delivers.
        return new HostedWorker(id, AppProcess.Start($"{program} {arguments}", environment), folder);
    }

    /// <summary>Waits until the worker has called.</summary>
    public async Task ConnectAsync(TimeSpan? within = null)
    {
        try
        {
            await Wait.UntilAsync(() => _isConnected || HasExited, "the worker to call its host", within);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message} {Story()}", exception);
        }

        if (!_isConnected)
        {
            throw new InvalidOperationException($"The worker ended before it called its host. {Story()}");
        }
    }

    /// <summary>Connected, initialised, indexed, and with every function loaded.</summary>
    public async Task GetReadyAsync()
    {
        await ConnectAsync();
        await InitAsync();
        await IndexAsync();
        await LoadAsync();
    }

    public async Task<WorkerInitResponse> InitAsync()
    {
        var answer = (await AskAsync(new StreamingMessage
        {
            WorkerInitRequest = new WorkerInitRequest { HostVersion = "4.1037.0.0", WorkerDirectory = _folder, FunctionAppDirectory = _folder },
        })).WorkerInitResponse;
        Check(answer.Result, "initialise");
        return answer;
    }

    /// <summary>Asks for the app's functions.</summary>
    public async Task<FunctionMetadataResponse> IndexAsync()
    {
        var answer = (await AskAsync(new StreamingMessage { FunctionsMetadataRequest = new FunctionsMetadataRequest { FunctionAppDirectory = _folder } })).FunctionMetadataResponse;
        Check(answer.Result, "tell its functions");
        Functions = [.. answer.FunctionMetadataResults.Select(function => new HostedFunction(function))];
        return answer;
    }

    /// <summary>Has every function loaded.</summary>
    public Task LoadAsync() => Task.WhenAll(Functions.Select(async function =>
    {
        var request = new FunctionLoadRequest { FunctionId = function.Metadata.FunctionId, Metadata = function.Metadata };
        var answer = (await AskAsync(new StreamingMessage { FunctionLoadRequest = request })).FunctionLoadResponse;
        Check(answer.Result, $"load function '{function.Name}'");
    }));

    /// <summary>Has a function take a message, and waits for the worker's answer.</summary>
    /// <param name="function">The function.</param>
    /// <param name="message">The message.</param>
    /// <param name="traceParent">The trace that the host tells of; by default it tells of none, whatever the message carries.</param>
    public async Task<InvocationResponse> InvokeAsync(string function, HostMessage message, string traceParent = "") => await (await BeginAsync(function, message, traceParent)).AnswerAsync();

    /// <summary>Has a function take a message.</summary>
    public Task<HostInvocation> BeginAsync(string function, HostMessage message, string traceParent = "")
    {
        var hosted = Find(function);
        return BeginAsync(message.ToRequest(hosted), traceParent);
    }

    /// <summary>Has a timer function run.</summary>
    public async Task<InvocationResponse> RunTimerAsync(string function, string traceParent = "")
    {
        const string timer = """{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}""";
        var hosted = Find(function);
        var request = new InvocationRequest { FunctionId = hosted.Metadata.FunctionId };
        request.InputData.Add(new ParameterBinding { Name = hosted.TriggerName, Data = new TypedData { Json = timer } });
        request.TriggerMetadata.Add("TimerTrigger", new TypedData { Json = timer });
        return await (await BeginAsync(request, traceParent)).AnswerAsync();
    }

    /// <summary>Asks for a sign of life.</summary>
    public Task PingAsync() => AskAsync(new StreamingMessage { WorkerStatusRequest = new WorkerStatusRequest() });

    public ValueTask CancelAsync(string invocation) =>
        TellAsync(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = invocation, GracePeriod = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)) } });

    /// <summary>Tells the worker to end, and waits for that.</summary>
    /// <returns>The exit code of its process.</returns>
    public async Task<int> TerminateAsync(TimeSpan grace)
    {
        await TellAsync(new StreamingMessage { WorkerTerminate = new WorkerTerminate { GracePeriod = Duration.FromTimeSpan(grace) } });
        return await _process.WaitForExitAsync();
    }

    /// <summary>Waits until the process has ended by itself.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> WaitForExitAsync() => _process.WaitForExitAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    /// <summary>Talks with the worker for as long as it does not hang up.</summary>
    internal async Task TalkAsync(IAsyncStreamReader<StreamingMessage> fromWorker, IServerStreamWriter<StreamingMessage> toWorker, CancellationToken hangUp)
    {
        _isConnected = true;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(hangUp);
        var writing = WriteAsync(toWorker, ended.Token);
        try
        {
            await foreach (var message in fromWorker.ReadAllAsync(hangUp))
            {
                Take(message);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // Its process has ended.
        }
        finally
        {
            _isGone = true;
            foreach (var (_, answer) in _asked)
            {
                answer.TrySetException(new InvalidOperationException("The worker hung up."));
            }

            await ended.CancelAsync();
            await writing;
        }
    }

    private async Task<HostInvocation> BeginAsync(InvocationRequest request, string traceParent)
    {
        request.InvocationId = $"{Guid.NewGuid()}";
        request.TraceContext = new RpcTraceContext { TraceParent = traceParent };
        var answer = await SendAsync(new StreamingMessage { InvocationRequest = request });
        return new HostInvocation(this, request.InvocationId, async () => (await WaitForAsync(answer, "an invocation")).InvocationResponse);
    }

    private HostedFunction Find(string function) => Functions.SingleOrDefault(hosted => hosted.Name == function)
        ?? throw new InvalidOperationException($"The app has no function '{function}' but: {string.Join(", ", Functions.Select(hosted => hosted.Name))}.");

    private async Task<StreamingMessage> AskAsync(StreamingMessage request) => await WaitForAsync(await SendAsync(request), $"{request.ContentCase}");

    private async Task<Task<StreamingMessage>> SendAsync(StreamingMessage request)
    {
        var answer = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        request.RequestId = $"{Guid.NewGuid()}";
        _asked[request.RequestId] = answer;
        if (_isGone)
        {
            answer.TrySetException(new InvalidOperationException("The worker hung up."));
        }

        await TellAsync(request);
        return answer.Task;
    }

    private async Task<StreamingMessage> WaitForAsync(Task<StreamingMessage> answer, string what)
    {
        try
        {
            return await answer.WaitAsync(Wait.Patience);
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
        {
            throw new InvalidOperationException($"The worker did not answer {what}. {Story()}", exception);
        }
    }

    private ValueTask TellAsync(StreamingMessage message) => _toWorker.Writer.WriteAsync(message);

    private void Take(StreamingMessage message)
    {
        if (message.RpcLog is { } log)
        {
            _logs.Enqueue(log);
        }
        else if (_asked.TryRemove(message.RequestId, out var answer))
        {
            answer.TrySetResult(message);
        }
    }

    private async Task WriteAsync(IServerStreamWriter<StreamingMessage> toWorker, CancellationToken ended)
    {
        try
        {
            // One at a time, as a stream has to be written.
            await foreach (var message in _toWorker.Reader.ReadAllAsync(ended))
            {
                await toWorker.WriteAsync(message, ended);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or InvalidOperationException or IOException)
        {
            // The worker has hung up.
        }
    }

    private void Check(StatusResult result, string what)
    {
        if (result.Status != StatusResult.Types.Status.Success)
        {
            throw new InvalidOperationException($"The worker failed to {what}: {result.Exception?.Message}. {Story()}");
        }
    }

    /// <summary>What a failed test wants to know.</summary>
    private string Story()
    {
        var story = new StringBuilder($"It printed:\n{Output}\nIt logged:\n");
        foreach (var log in _logs)
        {
            story.AppendLine(CultureInfo.InvariantCulture, $"{log.Level} {log.Category}: {log.Message} {log.Exception?.Message}");
        }

        return story.ToString();
    }
}
