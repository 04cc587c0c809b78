using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace RabbitTopics.Connections;

/// <summary>How a binding says which broker it means: by the setting of a URI or, as Microsoft's RabbitMQ attributes allow, part by
/// part. Its text stands where the name of a setting does. It names settings and holds no secret.</summary>
/// <param name="ConnectionStringSetting">The setting of the URI; null where the parts are given.</param>
/// <param name="HostName">The host.</param>
/// <param name="UserNameSetting">The setting of the user; null for <c>guest</c>.</param>
/// <param name="PasswordSetting">The setting of the password; null for <c>guest</c>.</param>
/// <param name="Port">The port; 0 for 5672. 5671 is that of TLS.</param>
/// <param name="TakesAnyCertificate">Whether the broker's TLS certificate is taken unchecked.</param>
internal sealed record BrokerReference(
    string? ConnectionStringSetting, string? HostName, string? UserNameSetting, string? PasswordSetting, int Port, bool TakesAnyCertificate)
{
    private const int TlsPort = 5671; // IANA: amqps.

    /// <summary>No name of a setting begins so.</summary>
    private const string Mark = "\0broker:";

    /// <summary>That of a binding's entries; null where they do not say which broker. As in Microsoft's extension, a URI wins over the parts.</summary>
    public static BrokerReference? Of(string? connectionStringSetting, string? hostName, string? userNameSetting, string? passwordSetting, int port, bool takesAnyCertificate)
    {
        var setting = NotEmpty(connectionStringSetting);
        var host = setting is null ? NotEmpty(hostName) : null;
        return setting is null && host is null && !takesAnyCertificate ? null
            : host is null ? new BrokerReference(setting, null, null, null, 0, takesAnyCertificate)
            : new BrokerReference(null, host, NotEmpty(userNameSetting), NotEmpty(passwordSetting), port, takesAnyCertificate);
    }

    /// <summary>What stands in the place of a setting's name.</summary>
    /// <param name="reference">Null for the app's broker.</param>
    /// <param name="settingOfApp">The setting of the URI of the app's broker.</param>
    public static string SettingName(BrokerReference? reference, string settingOfApp) => reference switch
    {
        null => settingOfApp,
        { HostName: null, ConnectionStringSetting: null } => (reference with { ConnectionStringSetting = settingOfApp }).ToString(),
        _ => reference.ToString(),
    };

    /// <summary>The text: the bare name of the setting where that is all there is.</summary>
    public override string ToString() => ConnectionStringSetting is { } setting && !TakesAnyCertificate
        ? setting
        : Mark + string.Join(';', new[] { ConnectionStringSetting, HostName, UserNameSetting, PasswordSetting, Port.ToString(CultureInfo.InvariantCulture), TakesAnyCertificate ? "any certificate" : "" }
            .Select(part => Uri.EscapeDataString(part ?? "")));

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    internal static BrokerReference Parse(string text)
    {
        if (!text.StartsWith(Mark, StringComparison.Ordinal))
        {
            return new BrokerReference(text, null, null, null, 0, false);
        }

        var parts = Array.ConvertAll(text[Mark.Length..].Split(';'), part => part.Length == 0 ? null : Uri.UnescapeDataString(part));
        return new BrokerReference(parts[0], parts[1], parts[2], parts[3], int.Parse(parts[4]!, CultureInfo.InvariantCulture), parts[5] is not null);
    }

    /// <summary>For people.</summary>
    internal string Description => ConnectionStringSetting is { } setting ? $"setting '{setting}'" : $"binding with HostName '{HostName}'";

    /// <summary>The URI that the parts make.</summary>
    /// <exception cref="BrokerSettingException">A setting is missing, or the host or port is not valid.</exception>
    internal string ToUri(IConfiguration configuration)
    {
        var host = new SettingReferences(configuration).Resolve(HostName!);
        if (Port is < 0 or > ushort.MaxValue || Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            throw new BrokerSettingException(Shown(HostName!), $"HostName '{Shown(host)}' and Port {Port} of a RabbitMQ binding are not an address. Write a host's name and a port from 1 to {ushort.MaxValue}, or name a URI with ConnectionStringSetting.");
        }

        return $"{(Port == TlsPort ? "amqps" : "amqp")}://{Login(configuration, UserNameSetting, "UserName")}:{Login(configuration, PasswordSetting, "Password")}@{(Uri.CheckHostName(host) == UriHostNameType.IPv6 ? $"[{host}]" : host)}:{(Port == 0 ? 5672 : Port)}/";
    }

    /// <summary>A host without the user part that somebody has put before it.</summary>
    private static string Shown(string host) =>
        !host.Contains("://", StringComparison.Ordinal) && host.LastIndexOf('@') is >= 0 and var at ? $"***{host[at..]}" : Secret.Hide(host);

    /// <summary>A setting's name, or as Microsoft's own comments have it, <c>%NAME%</c>.</summary>
    private static string Login(IConfiguration configuration, string? setting, string what) => setting is null
        ? "guest"
        : configuration[setting.Trim('%')] is { Length: > 0 } value
            ? Uri.EscapeDataString(value)
            : throw new BrokerSettingException(what, $"The setting that a RabbitMQ binding names for its {what} is missing or empty (its name is not shown, it may be the {what} itself). Set it in the environment or under \"Values\" in local.settings.json.");
}
