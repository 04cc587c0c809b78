using System.Collections;
using System.Dynamic;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RabbitTopics.Messages;

namespace RabbitTopics.Tests.Messages
{
    public sealed class JsonBodyTests
    {
        private readonly ServiceProvider _services = new ServiceCollection().AddRabbitTopics().BuildServiceProvider();

        private JsonBody Json => _services.GetRequiredService<JsonBody>();

        [Fact]
        public void Values_that_JSON_has_as_an_object_are_one_message_and_collections_many()
        {
            Assert.All([new JsonObject { ["a"] = 1 }, new ExpandoObject(), new Dictionary<string, int> { ["a"] = 1 }, new Hashtable(), new Newtonsoft.Json.Linq.JObject(), "text", Array.Empty<byte>()],
                (IEnumerable value) => Assert.False(Json.IsCollection(value), value.GetType().Name));
            Assert.All([new JsonArray(1), Array.Empty<string>(), new List<int> { 1 }, Enumerable.Range(0, 3).Select(number => number)],
                (IEnumerable value) => Assert.True(Json.IsCollection(value), value.GetType().Name));
        }

        [Fact]
        public void A_value_has_the_discriminator_that_its_base_type_or_interface_gives_it()
        {
            Assert.Equal("""{"$type":"circle","Radius":2}""", Written(new Circle(2)));
            Assert.Equal("""{"$type":"paid","Sum":5}""", Written(new Paid(5)));
            Assert.Equal("""{"Name":"x"}""", Written(new { Name = "x" }));
        }

        [Fact]
        public void Values_of_Newtonsofts_JSON_are_written_as_they_write_themselves() => Assert.Equal("""{"a":1}""", Written(new Newtonsoft.Json.Linq.JObject()));

        [Fact]
        public void The_JSON_options_of_the_app_still_escape_HTML_and_bodies_do_not()
        {
            Assert.Null(_services.GetRequiredService<IOptions<JsonSerializerOptions>>().Value.Encoder);
            Assert.Equal("\"张三 <&>\"", Written("张三 <&>"));
        }

        private string Written(object value) => Encoding.UTF8.GetString(Json.Write(value));

        [JsonDerivedType(typeof(Circle), "circle")]
        public abstract record Shape;

        public sealed record Circle(int Radius) : Shape;

        [JsonDerivedType(typeof(Paid), "paid")]
        public interface IEvent;

        public sealed record Paid(int Sum) : IEvent;
    }
}

namespace Newtonsoft.Json.Linq
{
    /// <summary>Stands for the type of this name.</summary>
    public sealed class JObject : Dictionary<string, object>
    {
        public override string ToString() => """{"a":1}""";
    }
}
