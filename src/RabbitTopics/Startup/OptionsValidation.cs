using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace RabbitTopics.Startup;

/// <summary>Validates options of the type when the app starts. Where start-up problems are gathered they go there, beside the others;
/// elsewhere the start fails with an <see cref="OptionsValidationException"/>.</summary>
internal sealed class OptionsValidation<T>(Func<T, IEnumerable<string>> problemsOf, StartupProblems? gathered) : IValidateOptions<T>
    where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        var problems = problemsOf(options).Select(problem => $"{typeof(T).Name}.{problem}").ToList();
        if (problems.Count == 0 || gathered is null)
        {
            return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
        }

        problems.ForEach(problem => gathered.Add(problem));
        return ValidateOptionsResult.Success;
    }
}

/// <summary>The checks of options. Each says what is wrong and what to do, or null.</summary>
internal static class OptionsValidation
{
    public static void AddValidatedOptions<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>(this IServiceCollection services, Func<T, IEnumerable<string>> problemsOf)
        where T : class
    {
        services.AddSingleton<IValidateOptions<T>>(provider => new OptionsValidation<T>(problemsOf, provider.GetService<StartupProblems>()));
        services.AddOptions<T>().ValidateOnStart();
    }

    public static string? Number(long value, long most = int.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "") =>
        value >= 1 && value <= most ? null : $"{name} is {value}. Set it to a whole number from 1 to {most}.";

    public static string? Time(TimeSpan value, bool mayBeInfinite = false, [CallerArgumentExpression(nameof(value))] string name = "") =>
        (value > TimeSpan.Zero && value <= ErrorPolicy.LongestDelay) || (mayBeInfinite && value == Timeout.InfiniteTimeSpan)
            ? null
            : $"{name} is {value}. Set it to more than zero and at most {ErrorPolicy.LongestDelay.Days} days{(mayBeInfinite ? ", or to Timeout.InfiniteTimeSpan" : "")}.";

    public static string? Text(string? value, [CallerArgumentExpression(nameof(value))] string name = "") =>
        string.IsNullOrWhiteSpace(value) ? $"{name} is empty. Set it, or leave it at its default." : null;

    public static string? OneOf<TEnum>(TEnum value, [CallerArgumentExpression(nameof(value))] string name = "")
        where TEnum : struct, Enum =>
        Enum.IsDefined(value) ? null : $"{name} is {value:D}. Set it to one of: {string.Join(", ", Enum.GetNames<TEnum>())}.";
}
