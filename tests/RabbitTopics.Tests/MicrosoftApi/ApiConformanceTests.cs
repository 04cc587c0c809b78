using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Core;
using Microsoft.Azure.Functions.Worker.Http;

namespace RabbitTopics.Tests.MicrosoftApi;

public class ApiConformanceTests
{
    private static readonly ApiConformance Microsofts = ApiConformance.ToMicrosoftsPackages();

    [Fact]
    public void Every_public_member_in_a_Microsoft_namespace_is_one_of_Microsofts()
    {
        var types = typeof(FunctionContext).Assembly.GetTypes();

        var violations = Microsofts.Violations(types);

        Assert.Contains(types, type => type.IsPublic && type.Namespace == "Microsoft.Extensions.Hosting");
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [Fact]
    public void A_type_as_Microsofts_and_a_type_of_ours_pass() =>
        Assert.Empty(Microsofts.Violations([typeof(SameSite), typeof(ApiConformanceTests)]));

    [Theory]
    [InlineData(typeof(NotMicrosofts), "Microsoft.Azure.Functions.Worker.NotMicrosofts")]
    [InlineData(typeof(Microsoft.Extensions.Hosting.NotMicrosofts), "Microsoft.Extensions.Hosting.NotMicrosofts")]
    [InlineData(typeof(Elsewhere.Stray), "Elsewhere.Stray")]
    [InlineData(typeof(StrayWithoutNamespace), "StrayWithoutNamespace")]
    public void A_type_that_is_neither_Microsofts_nor_ours_is_reported_by_name(Type type, string name) =>
        Assert.Equal([$"{name}: the type is not Microsoft's, and its namespace is not ours"], Microsofts.Violations([type]));

    [Fact]
    public void Each_member_that_is_not_Microsofts_is_reported_and_no_other() => Assert.Equal(
        [
            "abstract void Append(string key, string value)",
            "int Added { get; protected set; }",
            "override string ToString()",
            "protected event System.EventHandler AddedEvent",
            "protected int AddedField",
            $"static {typeof(HttpCookies)} op_Addition({typeof(HttpCookies)} left, {typeof(HttpCookies)} right)",
            "type AddedType",
            "virtual void AddedMethod<T>(ref int count, out T[] values, System.Double? number = default)",
        ],
        Reported(typeof(HttpCookies)));

    [Theory]
    [InlineData("interface Microsoft.Azure.Functions.Worker.Http.IHttpCookie : System.IDisposable")]
    [InlineData("string Value { get; set; }")]
    [InlineData("default string Path { get; }")]
    public void An_interface_that_asks_for_more_or_brings_a_body_is_reported(string line) =>
        Assert.Contains(line, Reported(typeof(IHttpCookie)));

    [Theory]
    [InlineData(typeof(HttpCookie),
        "class Microsoft.Azure.Functions.Worker.Http.HttpCookie : Microsoft.Azure.Functions.Worker.Http.IHttpCookie, System.IDisposable")]
    [InlineData(typeof(WorkerExtensionStartupAttribute),
        "class Microsoft.Azure.Functions.Worker.Core.WorkerExtensionStartupAttribute : System.Attribute"
            + "  [targets Class, Method; multiple False]")]
    public void A_kind_an_interface_or_targets_that_are_not_Microsofts_are_reported(Type type, string header) =>
        Assert.Contains(header, Reported(type));

    /// <summary>What is reported of a type that is listed, without its name, in order.</summary>
    private static IEnumerable<string> Reported(Type type) => Microsofts.Violations([type])
        .Select(violation => violation[$"{type}: ".Length..])
        .Order(StringComparer.Ordinal);
}
