namespace SharpVisor.Guests;

/// <summary>The registers of a hypercall (SMCCC): X0 to X6 go in, X0 to X3 come out. instructions.S knows their order.</summary>
internal struct CallRegisters
{
    internal ulong X0;
    internal ulong X1;
    internal ulong X2;
    internal ulong X3;
    internal ulong X4;
    internal ulong X5;
    internal ulong X6;
}
