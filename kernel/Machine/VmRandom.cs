using System;
using SharpVisor.Arch;
using SharpVisor.Devices;
using SharpVisor.Formats;

namespace SharpVisor.Machine;

/// <summary>Random numbers for one VM: a stream of its own, so that no VM waits for another's.</summary>
internal sealed class VmRandom : RandomSource
{
    private readonly KeyStream _stream;
    private SpinLock _lock;

    internal VmRandom(KeyStream stream) => _stream = stream;

    /// <inheritdoc/>
    public override void Fill(Span<byte> destination)
    {
        _lock.Enter();
        _stream.Fill(SystemRegisters.ReadCntpctEl0(), destination);
        _lock.Exit();
    }
}
