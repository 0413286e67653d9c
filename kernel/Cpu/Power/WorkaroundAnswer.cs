namespace SharpVisor.Cpu;

/// <summary>What SMCCC_ARCH_FEATURES says of a firmware workaround (DEN0028, 7.5 to 7.7); the call returns the number less one.</summary>
public enum WorkaroundAnswer : byte
{
    /// <summary>NOT_SUPPORTED: the firmware knows nothing of it, or the CPU needs it and does not get it.</summary>
    NotSupported = 0,

    /// <summary>0: this CPU needs the call, and the firmware answers it.</summary>
    Required = 1,

    /// <summary>1: this CPU does not need it.</summary>
    NotRequired = 2,
}
