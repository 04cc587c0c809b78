using System.ComponentModel;

#pragma warning disable IDE0130 // The compiler looks for it in this namespace.
namespace System.Runtime.CompilerServices;

/// <summary>What records need of the runtime and netstandard2.0 has not.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
internal static class IsExternalInit;
