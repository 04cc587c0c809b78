namespace RabbitTopics;

/// <summary>A setting that should say how to reach the broker is missing or wrong. The message names the setting and never
/// its value.</summary>
public sealed class BrokerSettingException : Exception
{
    /// <summary>Says what is wrong with a setting.</summary>
    public BrokerSettingException(string settingName, string message)
        : base(message) => SettingName = settingName;

    /// <summary>The name of the setting.</summary>
    public string SettingName { get; }
}
