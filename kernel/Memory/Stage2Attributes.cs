namespace SharpVisor.Memory;

/// <summary>Attribute bits of stage-2 leaf entries (Arm ARM D8.5, without FWB).</summary>
public static class Stage2Attributes
{
    private const ulong AccessFlag = 1ul << 10;
    private const ulong InnerShareable = 3ul << 8;
    private const ulong ReadWrite = 3ul << 6;
    private const ulong ReadOnly = 1ul << 6;
    private const ulong NormalWriteBack = 0xful << 2;
    private const ulong DeviceNGnRE = 1ul << 2;
    private const ulong ExecuteNever = 1ul << 54;

    /// <summary>Software's own bit: the page has several users.</summary>
    public const ulong SharedPage = 1ul << 55;

    /// <summary>RAM: Normal write-back, read, write, execute.</summary>
    public const ulong Ram = AccessFlag | InnerShareable | ReadWrite | NormalWriteBack;

    /// <summary>RAM that the guest may only read and execute.</summary>
    public const ulong ReadOnlyRam = AccessFlag | InnerShareable | ReadOnly | NormalWriteBack;

    /// <summary>RAM that the guest may only read, not execute.</summary>
    public const ulong ReadOnlyData = ReadOnlyRam | ExecuteNever;

    /// <summary>RAM that the guest may read and write, not execute.</summary>
    public const ulong Data = Ram | ExecuteNever;

    /// <summary>Device registers: Device-nGnRE, read and write.</summary>
    public const ulong Device = AccessFlag | ReadWrite | DeviceNGnRE | ExecuteNever;
}
