namespace SharpVisor.Cpu;

/// <summary>What a PSCI call returns in X0, as a signed number (DEN0022, 5.2.2).</summary>
public static class PsciResult
{
    /// <summary>SUCCESS.</summary>
    public const long Success = 0;

    /// <summary>NOT_SUPPORTED; also what SMCCC answers to a function it does not know.</summary>
    public const long NotSupported = -1;

    /// <summary>INVALID_PARAMETERS.</summary>
    public const long InvalidParameters = -2;

    /// <summary>ALREADY_ON.</summary>
    public const long AlreadyOn = -4;

    /// <summary>INTERNAL_FAILURE.</summary>
    public const long InternalFailure = -6;

    /// <summary>INVALID_ADDRESS.</summary>
    public const long InvalidAddress = -9;
}
