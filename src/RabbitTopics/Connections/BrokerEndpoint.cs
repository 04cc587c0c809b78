using Microsoft.Extensions.Configuration;
using RabbitTopics.Startup;

namespace RabbitTopics.Connections;

/// <summary>Where a broker is and how to log in there. Holds a secret: only <see cref="ToString"/> is for people to
/// read.</summary>
internal sealed class BrokerEndpoint
{
    private readonly BrokerReference _reference;

    private BrokerEndpoint(BrokerReference reference, Uri uri)
    {
        _reference = reference;
        Uri = uri;
    }

    /// <summary>The name of the setting that the URI came from, or a <see cref="BrokerReference"/>.</summary>
    public string SettingName => _reference.ToString();

    /// <summary>Whether the broker's TLS certificate is taken unchecked.</summary>
    internal bool TakesAnyCertificate => _reference.TakesAnyCertificate;

    internal Uri Uri { get; }

    /// <summary>The user part of the URI; the broker's default user where there is none.</summary>
    internal string UserName => Uri.UserInfo.Length == 0 ? "guest" : Uri.UnescapeDataString(Uri.UserInfo.Split(':')[0]);

    /// <summary>The password of the URI; the broker's default password where there is none. A secret.</summary>
    internal string Password => Uri.UserInfo.Split(':') is [_, var password] ? Uri.UnescapeDataString(password) : Uri.UserInfo.Length == 0 ? "guest" : "";

    internal string VirtualHost => Uri.AbsolutePath.Length <= 1 ? "/" : Uri.UnescapeDataString(Uri.AbsolutePath[1..]);

    internal int Port => Uri.Port > 0 ? Uri.Port : Uri.Scheme == "amqps" ? 5671 : 5672;

    /// <summary>Reads the AMQP URI in a setting, which the Functions host looks up under its bare name and under
    /// ConnectionStrings; or puts it together from a <see cref="BrokerReference"/>.</summary>
    /// <exception cref="BrokerSettingException">There is no value, or it is not an AMQP URI.</exception>
    public static BrokerEndpoint From(IConfiguration configuration, string settingName)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(settingName);
        var reference = BrokerReference.Parse(settingName);
        if (reference.ConnectionStringSetting is not { } setting)
        {
            return Parse(reference, reference.ToUri(configuration));
        }

        if (setting.Contains("://", StringComparison.Ordinal))
        {
            throw new BrokerSettingException(Secret.Hide(setting), "A ConnectionStringSetting is a URI (not shown, it may hold a password). Write the URI into a setting, and the setting's name there.");
        }

        var uri = Read(configuration, setting);
        return Parse(reference, uri, string.IsNullOrWhiteSpace(uri) ? Similar(configuration, setting) : null);
    }

    /// <summary>Whether a setting has a value; it may still be no AMQP URI.</summary>
    internal static bool IsConfigured(IConfiguration configuration, string settingName) => !string.IsNullOrWhiteSpace(Read(configuration, settingName));

    /// <summary>Reads an AMQP URI (https://www.rabbitmq.com/docs/uri-spec).</summary>
    /// <param name="settingName">The setting that the URI came from, for errors.</param>
    /// <param name="uri">The setting's value.</param>
    /// <exception cref="BrokerSettingException">There is no value, or it is not an AMQP URI.</exception>
    public static BrokerEndpoint Parse(string settingName, string? uri) => Parse(BrokerReference.Parse(settingName), uri);

    private static BrokerEndpoint Parse(BrokerReference reference, string? uri, string? similar = null)
    {
        var settingName = Secret.Hide(reference.ConnectionStringSetting ?? "");
        if (string.IsNullOrWhiteSpace(uri))
        {
            throw new BrokerSettingException(settingName,
                $"The setting '{settingName}' is missing or empty{(similar is null ? "" : $"; there is one '{similar}'")}. Set it, in the environment or under \"Values\" in "
                + "local.settings.json, to the broker's URI: amqp://user:password@host:5672/vhost");
        }

        if (!Uri.TryCreate(uri.Trim(), UriKind.Absolute, out var parsed)
            || parsed.Scheme is not ("amqp" or "amqps")
            || parsed.Host.Length == 0
            || parsed.UserInfo.Count(character => character == ':') > 1
            || parsed.AbsolutePath.LastIndexOf('/') > 0)
        {
            throw new BrokerSettingException(settingName,
                $"The setting '{settingName}' is not an AMQP URI (its value is not shown, it may hold a password). Write it as "
                + "amqp://user:password@host:5672/vhost, or amqps:// for TLS, and percent-encode special characters.");
        }

        return new BrokerEndpoint(reference, parsed);
    }

    private static string? Similar(IConfiguration configuration, string settingName) => configuration.GetChildren().Select(child => child.Key)
        .FirstOrDefault(other => Spelling.IsLike(settingName, other) && !other.Equals(settingName, StringComparison.OrdinalIgnoreCase));

    private static string? Read(IConfiguration configuration, string settingName) =>
        configuration[settingName] ?? configuration[$"ConnectionStrings:{settingName}"];

    /// <summary>Where it comes from, for people: a setting, or the parts of a binding.</summary>
    internal string Origin => _reference.Description;

    /// <summary>Host, port and setting, without any secret.</summary>
    public override string ToString() => $"{Uri.Host}:{Port} ({Origin})";
}
