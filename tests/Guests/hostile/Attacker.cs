namespace SharpVisor.Guests;

/// <summary>What one VCpu has for its attempts: a page of code that it makes, registers, a page to spoil, and its counts.</summary>
internal sealed unsafe class Attacker
{
    /// <summary>Attempts that the page of code has room for.</summary>
    internal const int Slots = 256;

    private const uint PageSize = 4096;
    private const uint Branch = 0x1400_0000;
    private const uint BranchMask = 0x03ff_ffff;
    private const uint NoOperation = 0xd503_201f;
    private const int WordsInSlot = 4;

    private readonly ulong[] _registers = new ulong[4];

    // A page of code, with nothing else in it, then a page to spoil.
    private readonly byte[] _pages = new byte[3 * PageSize];

    internal RandomSource Random;

    /// <summary>Whether an exception is to be expected.</summary>
    internal bool IsAttempting;

    /// <summary>Whether the last attempt ended in an exception.</summary>
    internal bool HasFailed;

    internal ulong Attempts;
    internal ulong Refused;
    internal ulong Calls;
    internal ulong Interrupts;

    internal Attacker(ulong seed) => Random = new RandomSource(seed);

    /// <summary>The page to spoil.</summary>
    internal ulong Scratch => Code + PageSize;

    private ulong Code
    {
        get
        {
            fixed (byte* start = _pages)
            {
                return ((ulong)start + PageSize - 1) & ~(ulong)(PageSize - 1);
            }
        }
    }

    /// <summary>Writes an instruction into a slot.</summary>
    internal void Write(int slot, uint instruction) => Write(slot, NoOperation, instruction);

    /// <summary>Writes two instructions into a slot.</summary>
    internal void Write(int slot, uint first, uint second)
    {
        uint* code = (uint*)Code + (slot * WordsInSlot);
        code[0] = first;
        code[1] = second;
        code[2] = Branch | ((uint)((long)(HostileNative.RecoverAddress() - (ulong)(code + 2)) >> 2) & BranchMask);
        code[3] = Branch;
    }

    /// <summary>What has been written can be executed from now on.</summary>
    internal void Publish() => HostileNative.SynchroniseCode(Code);

    /// <summary>Executes a slot.</summary>
    internal void Try(int slot, ulong x0) => Try(Code + ((ulong)slot * WordsInSlot * sizeof(uint)), x0, 0, 0);

    /// <summary>Executes code with X0, X1, X2 as given and X3 = 0; it comes back by a branch to the place of recovery.</summary>
    internal void Try(ulong code, ulong x0, ulong x1, ulong x2)
    {
        fixed (ulong* registers = _registers)
        {
            registers[0] = x0;
            registers[1] = x1;
            registers[2] = x2;
            registers[3] = 0;
            HasFailed = false;
            IsAttempting = true;
            HostileNative.Attempt(code, registers);
            IsAttempting = false;
            Attempts++;
            Refused += HasFailed ? 1ul : 0;
        }
    }
}
