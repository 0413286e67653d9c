using System;
using System.Runtime.InteropServices;
using SharpVisor.Arch;
using SharpVisor.Devices;
using SharpVisor.Machine;

namespace SharpVisor.Cpu;

/// <summary>
/// A stage-2 data abort whose syndrome does not describe the access (ISV = 0): pairs, write-back, SIMD. The instruction
/// is fetched, decoded and carried out on the bus.
/// </summary>
/// <remarks>
/// In two steps: first every piece of the access is looked up, which may fail and has no effect; then all are done.
/// The fault is reported for the first byte that has no memory, which need not be the access's first byte.
/// </remarks>
internal static unsafe class UndescribedAccess
{
    private const ulong WriteNotRead = 1 << 6;
    private const ulong PageSize = 0x1000;
    private const int LargestPiece = 8;
    private const int LargestAccess = 32;
    private const uint StackPointer = 31;

    // In SimdState: FPCR and FPSR, then V0 to V31 of 16 bytes each.
    private const int VectorStart = 16;
    private const int VectorSize = 16;

    // Addresses may carry a tag in their upper byte.
    private const int TagBits = 8;

    /// <summary>Carries the access out, or refuses it.</summary>
    internal static VCpu Handle(VCpu vcpu, ulong syndrome, ulong address, ulong ipa)
    {
        if ((vcpu.Pstate & ProcessorState.Aarch32) != 0)
        {
            return AbortTrap.Refuse(vcpu, syndrome, address, ipa, "AArch32 access that its syndrome does not describe"u8);
        }

        if (!TryFetch(vcpu, out uint instruction, out bool mustRetry))
        {
            return mustRetry ? vcpu : AbortTrap.Refuse(vcpu, syndrome, address, ipa, "its instruction can't be read"u8);
        }

        if (!LoadStoreDecoder.TryDecode(instruction, out LoadStoreAccess access))
        {
            return AbortTrap.Refuse(vcpu, syndrome, address, ipa, "its instruction is no load or store that is known"u8);
        }

        switch (access.Kind)
        {
            case LoadStoreKind.Transfer:
                break;
            case LoadStoreKind.CacheZero:
                return AbortTrap.Refuse(vcpu, syndrome, address, ipa, "block zeroing where no memory is"u8);
            case LoadStoreKind.NotEmulated:
                return AbortTrap.Refuse(vcpu, syndrome, address, ipa, "exclusive, atomic or structured access where no memory is"u8);
            default:
                vcpu.SkipInstruction();
                return vcpu;
        }

        ulong baseValue = ReadBase(vcpu, access.Base);
        ulong start = access.AddressOf(baseValue, vcpu.ReadRegister(access.Index)); // with no index the value is not used
        ulong distance = (address - start) << TagBits >> TagBits;
        if (access.IsLoad == ((syndrome & WriteNotRead) != 0) || distance >= (ulong)access.Length)
        {
            // Another VCpu has written over the instruction since.
            return AbortTrap.Refuse(vcpu, syndrome, address, ipa, "its instruction has changed"u8);
        }

        var place = new Place(vcpu, address, ipa, !access.IsLoad, access.IsUnprivileged || (vcpu.Pstate & ProcessorState.ModeMask) == ProcessorState.El0);
        ulong* values = stackalloc ulong[LargestAccess / LargestPiece];
        if (!TryEachPiece(ref place, start, ref access, values, isDone: false))
        {
            return place.MustRetry ? vcpu : AbortTrap.Refuse(vcpu, syndrome, address, ipa, "no memory and no device"u8);
        }

        if (!access.IsLoad)
        {
            Gather(vcpu, ref access, values);
        }

        TryEachPiece(ref place, start, ref access, values, isDone: true);
        if (vcpu.MustRepeat)
        {
            vcpu.MustRepeat = false;
            return vcpu;
        }

        if (access.HasWriteBack)
        {
            WriteBase(vcpu, access.Base, access.WriteBackOf(baseValue));
        }

        if (access.IsLoad)
        {
            Scatter(vcpu, ref access, values);
        }

        vcpu.SkipInstruction();
        return vcpu;
    }

    private static bool TryFetch(VCpu vcpu, out uint instruction, out bool mustRetry)
    {
        instruction = 0;
        return GuestTranslation.TryFetch(vcpu.Pc, out ulong ipa, out mustRetry) && vcpu.Vm!.Memory.TryReadUInt32(ipa, out instruction);
    }

    /// <summary>Looks up, or does, the parts of an access: its elements, those of 16 bytes in two halves.</summary>
    private static bool TryEachPiece(ref Place place, ulong start, ref LoadStoreAccess access, ulong* values, bool isDone)
    {
        int size = Math.Min(access.ElementSize, LargestPiece);
        for (int i = 0; i < access.Length / size; i++)
        {
            ulong address = start + (ulong)(i * size);
            if ((address & (PageSize - 1)) + (ulong)size <= PageSize)
            {
                if (!TryPiece(ref place, address, size, ref values[i], isDone))
                {
                    return false;
                }

                continue;
            }

            // Over the edge of a page: byte by byte, as the two pages may lie anywhere.
            ulong whole = 0;
            for (int j = 0; j < size; j++)
            {
                ulong one = values[i] >> (j * 8) & 0xff;
                if (!TryPiece(ref place, address + (ulong)j, 1, ref one, isDone))
                {
                    return false;
                }

                whole |= one << (j * 8);
            }

            values[i] = whole;
        }

        return true;
    }

    private static bool TryPiece(ref Place place, ulong address, int size, ref ulong value, bool isDone)
    {
        VCpu vcpu = place.VCpu;
        Vm vm = vcpu.Vm!;
        if (!place.TryTranslate(address, out ulong ipa))
        {
            return false;
        }

        if (vcpu.Bus!.TryFind(ipa, size, out MmioDevice device, out uint offset))
        {
            if (!isDone)
            {
                return true;
            }

            if (place.IsWrite)
            {
                device.Write(vcpu.Index, offset, size, value);
            }
            else
            {
                value = device.Read(vcpu.Index, offset, size);
            }

            return true;
        }

        if (!isDone)
        {
            return vm.Memory.Contains(ipa, (ulong)size);
        }

        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<ulong>(ref value)).Slice(0, size);
        if (place.IsWrite)
        {
            return vm.Memory.TryWrite(ipa, bytes);
        }

        value = 0;
        return vm.Memory.TryRead(ipa, bytes);
    }

    private static void Gather(VCpu vcpu, ref LoadStoreAccess access, ulong* values)
    {
        for (int i = 0; i < access.Count; i++)
        {
            uint register = i == 0 ? access.Rt : access.Rt2;
            if (!access.IsSimd)
            {
                values[i] = vcpu.ReadRegister(register) & (ulong.MaxValue >> (64 - (access.ElementSize * 8)));
                continue;
            }

            ulong* vector = VectorOf(vcpu, register);
            if (access.ElementSize == VectorSize)
            {
                values[i * 2] = vector[0];
                values[(i * 2) + 1] = vector[1];
            }
            else
            {
                values[i] = vector[0] & (ulong.MaxValue >> (64 - (access.ElementSize * 8)));
            }
        }
    }

    private static void Scatter(VCpu vcpu, ref LoadStoreAccess access, ulong* values)
    {
        for (int i = 0; i < access.Count; i++)
        {
            uint register = i == 0 ? access.Rt : access.Rt2;
            if (!access.IsSimd)
            {
                vcpu.WriteRegister(register, access.Extend(values[i]));
                continue;
            }

            // What a load does not fill of a V register becomes 0.
            ulong* vector = VectorOf(vcpu, register);
            bool isWhole = access.ElementSize == VectorSize;
            vector[0] = values[isWhole ? i * 2 : i];
            vector[1] = isWhole ? values[(i * 2) + 1] : 0;
        }
    }

    private static ulong* VectorOf(VCpu vcpu, uint register) => (ulong*)(vcpu.SimdState + VectorStart + ((register & 31) * VectorSize));

    private static ulong ReadBase(VCpu vcpu, byte register)
    {
        if (register == LoadStoreAccess.BaseIsPc)
        {
            return vcpu.Pc;
        }

        if (register != StackPointer)
        {
            return vcpu.ReadRegister(register);
        }

        return UsesHandlerStack(vcpu) ? SystemRegisters.ReadSpEl1() : SystemRegisters.ReadSpEl0();
    }

    private static void WriteBase(VCpu vcpu, byte register, ulong value)
    {
        if (register != StackPointer)
        {
            vcpu.WriteRegister(register, value);
        }
        else if (UsesHandlerStack(vcpu))
        {
            SystemRegisters.WriteSpEl1(value);
        }
        else
        {
            SystemRegisters.WriteSpEl0(value);
        }
    }

    private static bool UsesHandlerStack(VCpu vcpu) => (vcpu.Pstate & ProcessorState.ModeMask) == ProcessorState.El1Handler;

    /// <summary>Where addresses of the access lie: of the page that faulted it is known, others are translated.</summary>
    private struct Place
    {
        internal readonly VCpu VCpu;
        internal readonly bool IsWrite;

        /// <summary>Whether the guest has to try again, because stage 2 was in the way of a translation.</summary>
        internal bool MustRetry;
        private readonly bool _asEl0;
        private readonly ulong _faultAddress;
        private readonly ulong _faultIpa;

        internal Place(VCpu vcpu, ulong faultAddress, ulong faultIpa, bool isWrite, bool asEl0)
        {
            VCpu = vcpu;
            _faultAddress = faultAddress;
            _faultIpa = faultIpa;
            IsWrite = isWrite;
            _asEl0 = asEl0;
        }

        internal bool TryTranslate(ulong address, out ulong ipa)
        {
            if ((address ^ _faultAddress) << TagBits < PageSize << TagBits)
            {
                ipa = (_faultIpa & ~(PageSize - 1)) | (address & (PageSize - 1));
                return true;
            }

            return GuestTranslation.TryTranslate(address, IsWrite, _asEl0, out ipa, out MustRetry);
        }
    }
}
