namespace RabbitTopics;

/// <summary>A binding refers to a setting that does not exist.</summary>
public sealed class MissingSettingException(string settingName, string text)
    : Exception($"'{text}' refers to the setting '{settingName}', which does not exist. Set it in the environment or under \"Values\" in local.settings.json.")
{
    /// <summary>The setting's name.</summary>
    public string SettingName { get; } = settingName;
}
