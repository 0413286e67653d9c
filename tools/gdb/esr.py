"""An exception syndrome in words (Arm ARM D19.2.40), as kernel/Debug/EsrDescription.cs has it."""

CLASSES = {
    0x00: "unknown reason (undefined instruction)", 0x01: "WFx", 0x03: "AArch32 MCR or MRC", 0x05: "AArch32 MCR or MRC",
    0x04: "AArch32 MCRR or MRRC", 0x0C: "AArch32 MCRR or MRRC", 0x06: "AArch32 LDC or STC", 0x07: "SIMD or floating-point access",
    0x08: "AArch32 VMRS", 0x09: "pointer authentication", 0x0A: "64-byte load or store", 0x0D: "branch target",
    0x0E: "illegal execution state", 0x11: "SVC (AArch32)", 0x12: "HVC (AArch32)", 0x13: "SMC (AArch32)", 0x15: "SVC", 0x16: "HVC",
    0x17: "SMC", 0x18: "system register", 0x19: "SVE access", 0x1A: "ERET", 0x1C: "pointer authentication failure", 0x1D: "SME access",
    0x20: "instruction abort from a lower level", 0x21: "instruction abort", 0x22: "PC alignment",
    0x24: "data abort from a lower level", 0x25: "data abort", 0x26: "SP alignment", 0x27: "memory operation (CPY or SET)",
    0x28: "floating-point exception", 0x2C: "floating-point exception", 0x2F: "SError", 0x30: "breakpoint from a lower level",
    0x31: "breakpoint", 0x32: "software step from a lower level", 0x33: "software step", 0x34: "watchpoint from a lower level",
    0x35: "watchpoint", 0x38: "BKPT (AArch32)", 0x3A: "vector catch (AArch32)", 0x3C: "BRK",
}
STATUS = {
    0x10: "synchronous external abort", 0x11: "tag check fault", 0x18: "parity or ECC error", 0x21: "alignment fault",
    0x30: "TLB conflict", 0x31: "unsupported atomic update", 0x34: "cache lockdown fault",
    0x35: "unsupported exclusive or atomic access", 0x29: "address size fault, level -1", 0x2B: "translation fault, level -1",
}
KINDS = {0: "address size fault", 1: "translation fault", 2: "access flag fault", 3: "permission fault",
         5: "external abort on a table walk", 7: "parity or ECC error on a table walk"}


def _status(code):
    if code in STATUS:
        return STATUS[code]
    kind = KINDS.get(code >> 2)
    return f"{kind}, level {code & 3}" if kind else f"reserved fault status {code:#x}"


def _walk(iss):
    return ", on a stage-1 walk" if iss >> 7 & 1 else ""


def describe_esr(value):
    """The syndrome as a phrase."""
    exception_class, iss = value >> 26 & 63, value & 0x1FFFFFF
    text = CLASSES.get(exception_class, "reserved exception class")
    if exception_class == 0x01:
        return text + ": " + ("WFI", "WFE", "WFIT", "WFET")[iss & 3]
    if exception_class in (0x11, 0x12, 0x13, 0x15, 0x16, 0x17, 0x38, 0x3C):
        return f"{text} #{iss & 0xFFFF:#x}"
    if exception_class == 0x18:
        return (f"{text} {'read' if iss & 1 else 'write'}: op0 {iss >> 20 & 3} op1 {iss >> 14 & 7} CRn {iss >> 10 & 15} "
                f"CRm {iss >> 1 & 15} op2 {iss >> 17 & 7}, X{iss >> 5 & 31}")
    if exception_class in (0x20, 0x21):
        return f"{text}: {_status(iss & 63)}{_walk(iss)}"
    if exception_class in (0x24, 0x25):
        text += ": cache maintenance, " if iss >> 8 & 1 else ": write, " if iss >> 6 & 1 else ": read, "
        text += _status(iss & 63) + _walk(iss)
        if iss >> 24 & 1:
            size = 1 << (iss >> 22 & 3)
            text += f", {size} {'byte' if size == 1 else 'bytes'}, {'X' if iss >> 15 & 1 else 'W'}{iss >> 16 & 31}"
            text += " sign-extended" if iss >> 21 & 1 else ""
        return text + (", FAR not valid" if iss >> 10 & 1 else "")
    if exception_class == 0x2F:
        return f"{text}, ISS {iss:#x}"
    return f"{text}, ISS {iss:#x}" if iss else text
