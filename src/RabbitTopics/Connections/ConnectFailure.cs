using System.Net.Sockets;
using System.Security.Authentication;
using RabbitMQ.Client.Exceptions;

namespace RabbitTopics.Connections;

/// <summary>Why a connection could not be opened, in words that say what to do and hold no secret.</summary>
/// <param name="Reason">A sentence or two.</param>
/// <param name="NeedsAChange">Whether waiting alone will not help: a setting or the broker must be changed.</param>
internal readonly record struct ConnectFailure(string Reason, bool NeedsAChange)
{
    public static ConnectFailure Explain(Exception exception, BrokerEndpoint endpoint)
    {
        foreach (var cause in Causes(exception))
        {
            switch (cause)
            {
                case RabbitMQ.Client.Exceptions.AuthenticationFailureException or PossibleAuthenticationFailureException:
                    return new($"it refused user '{endpoint.UserName}'. Check user name and password in the {endpoint.Origin}, "
                        + "and that the user may log in from this host.", true);
                case OperationInterruptedException { ShutdownReason: { ReplyCode: 530 or 403 } reason }:
                    return new($"{reason.ReplyText}. Check that the virtual host '{endpoint.VirtualHost}' in the {endpoint.Origin} exists "
                        + $"and that user '{endpoint.UserName}' may use it.", true);
                case AuthenticationException:
                    return new($"TLS failed ({cause.Message}). Check that it is the port for TLS (5671), and the scheme, host name and certificate.", true);
                case SocketException socket:
                    return new($"{socket.Message}.", false);
            }
        }

        return new($"{BrokerFault.Reason(exception.GetBaseException()).TrimEnd('.')}.", false);
    }

    private static IEnumerable<Exception> Causes(Exception exception)
    {
        yield return exception;
        IEnumerable<Exception> inner = exception is AggregateException aggregate ? aggregate.InnerExceptions
            : exception.InnerException is { } one ? [one] : [];
        foreach (var cause in inner.SelectMany(Causes))
        {
            yield return cause;
        }
    }
}
