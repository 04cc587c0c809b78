// Types that bear Microsoft's names, or stand beside Microsoft's, and differ: what ApiConformanceTests wants reported.
#pragma warning disable // They are wrong on purpose.

public class StrayWithoutNamespace;

namespace Elsewhere
{
    public class Stray;
}

namespace Microsoft.Extensions.Hosting
{
    public class NotMicrosofts;
}

namespace Microsoft.Azure.Functions.Worker
{
    public class NotMicrosofts;
}

namespace Microsoft.Azure.Functions.Worker.Http
{
    // As Microsoft's.
    public enum SameSite
    {
        None = 0,
        Lax = 1,
        Strict = 2,
        ExplicitNone = 3,
    }

    // An interface more.
    public interface IHttpCookie : System.IDisposable
    {
        string Name { get; }

        // A setter more.
        string Value { get; set; }

        // A body.
        string Path => "";
    }

    // Not sealed, and an interface more.
    public class HttpCookie(string name, string value) : IHttpCookie
    {
        public string Name { get; set; } = name;

        public string Value { get; set; } = value;

        public void Dispose()
        {
        }
    }

    public abstract class HttpCookies
    {
        protected int AddedField;

        protected event System.EventHandler? AddedEvent;

        public int Added { get; protected set; }

        public abstract void Append(IHttpCookie cookie);

        // Another name of a parameter.
        public abstract void Append(string key, string value);

        public abstract IHttpCookie CreateNew();

        public virtual void AddedMethod<T>(ref int count, out T[] values, double? number = null) => values = [];

        public override string ToString() => "";

        public static HttpCookies operator +(HttpCookies left, HttpCookies right) => left;

        internal void NotSeen()
        {
        }

        private protected void NotSeenEither()
        {
        }

        public class AddedType;
    }
}

namespace Microsoft.Azure.Functions.Worker.Core
{
    // Other targets, and only one.
    [System.AttributeUsage(System.AttributeTargets.Class | System.AttributeTargets.Method)]
    public class WorkerExtensionStartupAttribute(System.Type startupType) : System.Attribute
    {
        public System.Type StartupType { get; } = startupType;
    }
}
