namespace App._1;

public sealed record Order(long Number, string Item);
