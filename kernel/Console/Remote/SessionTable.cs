using System;

namespace SharpVisor.Console;

/// <summary>
/// What is remembered of each client: the newest request that changed something and how it ended, so that the same
/// request, sent again because its answer was lost, is answered again and not done again.
/// </summary>
internal sealed unsafe class SessionTable
{
    /// <summary>Most bytes of an answer that are remembered.</summary>
    internal const int LargestTail = 40;

    private const int Sessions = byte.MaxValue + 1;

    private readonly Memory[] _memories = new Memory[Sessions];

    /// <summary>Finds the answer to a request that has come again.</summary>
    /// <param name="session">Whose.</param>
    /// <param name="id">Its number.</param>
    /// <param name="checksum">Its checksum: another request may have the same number.</param>
    /// <param name="result">How it ended.</param>
    /// <param name="tail">Receives the rest of the answer, <see cref="LargestTail"/> bytes; its length is returned.</param>
    /// <returns>-1 where it has not come before.</returns>
    internal int Find(byte session, ushort id, uint checksum, out ControlResult result, Span<byte> tail)
    {
        ref Memory memory = ref _memories[session];
        result = default;
        if (!memory.IsUsed || memory.Id != id || memory.Checksum != checksum)
        {
            return -1;
        }

        result = memory.Result;
        for (int i = 0; i < memory.TailLength; i++)
        {
            tail[i] = memory.Tail[i];
        }

        return memory.TailLength;
    }

    /// <summary>Remembers a request and its answer, in the place of the one before.</summary>
    internal void Remember(byte session, ushort id, uint checksum, ControlResult result, ReadOnlySpan<byte> tail)
    {
        ref Memory memory = ref _memories[session];
        memory.IsUsed = true;
        memory.Id = id;
        memory.Checksum = checksum;
        memory.Result = result;
        memory.TailLength = (byte)Math.Min(tail.Length, LargestTail);
        for (int i = 0; i < memory.TailLength; i++)
        {
            memory.Tail[i] = tail[i];
        }
    }

    /// <summary>Forgets a client.</summary>
    internal void Forget(byte session) => _memories[session].IsUsed = false;

    /// <summary>Forgets all of them.</summary>
    internal void ForgetAll()
    {
        for (int i = 0; i < Sessions; i++)
        {
            _memories[i].IsUsed = false;
        }
    }

    private struct Memory
    {
        internal ControlResult Result;
        internal uint Checksum;
        internal ushort Id;
        internal bool IsUsed;
        internal byte TailLength;
        internal fixed byte Tail[LargestTail];
    }
}
