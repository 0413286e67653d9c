using System;

namespace SharpVisor.Debug.Gdb;

/// <summary>
/// The registers of a VCpu as gdb numbers them, and their description for gdb (GDB manual, "AArch64 Features"). Numbers up
/// to <see cref="FirstSystem"/> are fixed by gdb's own features.
/// </summary>
public static class DebugRegisters
{
    /// <summary>SP: that of the exception level and mode that the VCpu is in.</summary>
    public const int StackPointer = 31;

    /// <summary>PC.</summary>
    public const int ProgramCounter = 32;

    /// <summary>PSTATE, in the layout of SPSR_EL1; 32 bits.</summary>
    public const int Pstate = 33;

    /// <summary>V0; V31 is 31 behind it. 128 bits.</summary>
    public const int FirstVector = 34;

    /// <summary>FPSR; 32 bits.</summary>
    public const int Fpsr = 66;

    /// <summary>FPCR; 32 bits.</summary>
    public const int Fpcr = 67;

    /// <summary>The first <see cref="DebugSystemRegister"/>; 64 bits.</summary>
    public const int FirstSystem = 68;

    /// <summary>How many there are.</summary>
    public const int Count = FirstSystem + (int)DebugSystemRegister.Count;

    /// <summary>Most bytes of one.</summary>
    public const int LargestSize = 16;

    /// <summary>Names of the system registers in the order of <see cref="DebugSystemRegister"/>, a blank behind each.</summary>
    public static ReadOnlySpan<byte> SystemNames =>
        "sctlr_el1 tcr_el1 ttbr0_el1 ttbr1_el1 mair_el1 amair_el1 esr_el1 far_el1 afsr0_el1 afsr1_el1 elr_el1 spsr_el1 "u8
        + "vbar_el1 contextidr_el1 tpidr_el0 tpidrro_el0 tpidr_el1 sp_el0 sp_el1 cpacr_el1 cntkctl_el1 par_el1 csselr_el1 "u8
        + "mdscr_el1 cntv_ctl_el0 cntv_cval_el0 mpidr_el1 cntp_ctl_el0 cntp_cval_el0 cntvct_el0 cntvoff_el2 "u8
        + "vgic_vmcr vgic_apr0 vgic_apr1 gicd_ctlr gic_enabled0 gic_enabled1 gic_enabled2 gic_pending0 gic_pending1 gic_pending2 "u8
        + "gic_active0 gic_active1 gic_active2 "u8;

    // As gdb's own features have them: org.gnu.gdb.aarch64.core and .fpu.
    private static ReadOnlySpan<byte> Head =>
        "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\"><architecture>aarch64</architecture>"u8
        + "<feature name=\"org.gnu.gdb.aarch64.core\">"u8
        + "<flags id=\"cpsr_flags\" size=\"4\"><field name=\"SP\" start=\"0\" end=\"0\"/><field name=\"EL\" start=\"2\" end=\"3\"/>"u8;

    // Bits 6 to 9, then 28 to 31.
    private static ReadOnlySpan<byte> Flags => "FIADVCZN"u8;

    private static ReadOnlySpan<byte> Middle =>
        "<reg name=\"sp\" bitsize=\"64\" type=\"data_ptr\"/><reg name=\"pc\" bitsize=\"64\" type=\"code_ptr\"/>"u8
        + "<reg name=\"cpsr\" bitsize=\"32\" type=\"cpsr_flags\"/></feature><feature name=\"org.gnu.gdb.aarch64.fpu\">"u8
        + "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/><vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"u8
        + "<vector id=\"v16u\" type=\"uint8\" count=\"16\"/>"u8
        + "<union id=\"aarch64v\"><field name=\"d\" type=\"v2d\"/><field name=\"s\" type=\"v4f\"/><field name=\"b\" type=\"v16u\"/>"u8
        + "<field name=\"q\" type=\"uint128\"/></union>"u8;

    private static ReadOnlySpan<byte> SystemHead =>
        "<reg name=\"fpsr\" bitsize=\"32\"/><reg name=\"fpcr\" bitsize=\"32\"/></feature><feature name=\"org.sharpvisor.system\">"u8;

    private static ReadOnlySpan<byte> Tail => "</feature></target>"u8;

    /// <summary>Bytes of a register; the number is one of those that there are.</summary>
    public static int SizeOf(int number) => number switch
    {
        Pstate or Fpsr or Fpcr => 4,
        >= FirstVector and < Fpsr => 16,
        _ => 8,
    };

    /// <summary>Writes target.xml.</summary>
    public static void Describe(ref GdbWindow text)
    {
        text.Text(Head);
        for (int i = 0; i < Flags.Length; i++)
        {
            int bit = i < 4 ? 6 + i : 24 + i;
            text.Text("<field name=\""u8);
            text.Text(Flags.Slice(i, 1));
            text.Text("\" start=\""u8);
            text.Decimal(bit);
            text.Text("\" end=\""u8);
            text.Decimal(bit);
            text.Text("\"/>"u8);
        }

        text.Text("</flags>"u8);
        for (int i = 0; i < StackPointer; i++)
        {
            text.Text("<reg name=\"x"u8);
            text.Decimal(i);
            text.Text("\" bitsize=\"64\"/>"u8);
        }

        text.Text(Middle);
        for (int i = 0; i < Fpsr - FirstVector; i++)
        {
            text.Text("<reg name=\"v"u8);
            text.Decimal(i);
            text.Text("\" bitsize=\"128\" type=\"aarch64v\"/>"u8);
        }

        text.Text(SystemHead);
        ReadOnlySpan<byte> names = SystemNames;
        while (!names.IsEmpty)
        {
            int length = names.IndexOf((byte)' ');
            text.Text("<reg name=\""u8);
            text.Text(names.Slice(0, length));
            text.Text("\" bitsize=\"64\" group=\"system\"/>"u8);
            names = names.Slice(length + 1);
        }

        text.Text(Tail);
    }
}
