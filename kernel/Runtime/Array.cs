using System.Runtime.CompilerServices;

namespace System;

/// <summary>Base of all arrays. The length follows the method table; elements start 16 bytes into the object.</summary>
public abstract class Array
{
    internal readonly int _numComponents;

    public int Length
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _numComponents;
    }
}

/// <summary>What ilc takes for the implementation of every single-dimensional array type.</summary>
internal class Array<T> : Array
{
}

/// <summary>The shape of an array's memory, for code that needs the address of the first element.</summary>
internal sealed class RawArrayData
{
    public uint Length;
    public uint Padding;
    public byte Data;
}
