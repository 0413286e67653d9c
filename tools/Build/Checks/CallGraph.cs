using System.Collections.Generic;
using System.Linq;

namespace SharpVisor.Build.Checks;

/// <summary>
/// Where the code of an image can go, function by function. Nothing is left out: a whole function counts as run
/// when it is entered, and what cannot be resolved goes to everything that it could be.
/// </summary>
/// <remarks>
/// A call through a method table (the table loaded from the object, the slot from the table) goes to that slot's
/// method of every class, narrowed by <see cref="HotPathRules.Narrow"/>. Any other indirect call goes to every function whose address stands in data or is made
/// by an instruction. A jump through a table of offsets stays within its function, which counts whole anyway.
/// </remarks>
internal sealed class CallGraph(CodeImage image)
{
    // A method table's address is loaded, then its slot, then comes the call: the compiler keeps them this close.
    private const int Window = 12;
    private const int KeptWindow = 64;
    private const uint StackPointer = 31;
    private const uint FirstKept = 19; // X19 to X28 outlive a call
    private const uint LastKept = 28;
    private const uint FirstSlotOffset = 24;

    private readonly IReadOnlyList<CodeRegion> _addressTaken = image.AddressTaken();

    /// <summary>Every function that a function calls, jumps to or runs on into.</summary>
    internal IEnumerable<CodeRegion> Targets(CodeRegion region)
    {
        IReadOnlyList<Instruction> code = region.Instructions;
        HashSet<CodeRegion> targets = [];
        for (int i = 0; i < code.Count; i++)
        {
            if (code[i].IsDirectBranch(out ulong target))
            {
                Add(targets, image.At(target));
            }
            else if (code[i].IsIndirectCall || (code[i].IsIndirectJump && !IsTableJump(code, i)))
            {
                targets.UnionWith(IndirectTargets(region, i));
            }
        }

        if (region.IsLabel && code.Count > 0 && !code[^1].EndsFlow)
        {
            Add(targets, image.After(region));
        }

        targets.Remove(region);
        return targets.OrderBy(other => other.Address);
    }

    private IEnumerable<CodeRegion> IndirectTargets(CodeRegion caller, int call)
    {
        if (!IsVirtualCall(caller.Instructions, call, out uint slot))
        {
            return _addressTaken;
        }

        return HotPathRules.Narrow(caller, [.. image.MethodTables
            .Where(table => slot < table.Count && table[(int)slot] != 0)
            .Select(table => image.At(table[(int)slot]))
            .Where(region => region is not null)
            .Select(region => region!)]);
    }

    /// <summary>LDR Xt, [object]; LDR Xm, [Xt, #slot]; BLR Xm, with other instructions in between.</summary>
    private static bool IsVirtualCall(IReadOnlyList<Instruction> code, int call, out uint slot)
    {
        slot = 0;
        int load = FindLoad(code, call, code[call].Rn, out uint offset);
        if (load < 0 || offset < FirstSlotOffset)
        {
            return false;
        }

        slot = (offset - FirstSlotOffset) / 8;
        return (FindLoad(code, load, code[load].Rn, out uint tableOffset) >= 0 && tableOffset == 0) || HoldsTables(code, code[load].Rn);
    }

    /// <summary>
    /// Whether nothing but method tables gets into a register that calls keep, in a whole function: the caller's value, which the stack
    /// holds meanwhile, is none that compiled code looks into.
    /// </summary>
    private static bool HoldsTables(IReadOnlyList<Instruction> code, uint register)
    {
        bool isLoaded = false;
        for (int i = 0; i < code.Count; i++)
        {
            if (code[i].IsPair)
            {
                if (code[i].Rn != StackPointer && (code[i].Rd == register || code[i].Rt2 == register))
                {
                    return false;
                }
            }
            else if (!code[i].IsDirectBranch(out _) && code[i].Rd == register)
            {
                if (!code[i].IsLoad64(out uint offset) || (offset != 0 && code[i].Rn != StackPointer))
                {
                    return false;
                }

                isLoaded |= code[i].Rn != StackPointer;
            }
        }

        return isLoaded && register is >= FirstKept and <= LastKept;
    }

    /// <summary>
    /// The load that gave a register its value, or -1. Between the two there may be branches, but none comes there from
    /// elsewhere; calls only where the register is one that they keep.
    /// </summary>
    private static int FindLoad(IReadOnlyList<Instruction> code, int before, uint register, out uint offset)
    {
        offset = 0;
        bool isKept = register is >= FirstKept and <= LastKept;
        for (int i = before - 1; i >= 0 && i >= before - (isKept ? KeptWindow : Window); i--)
        {
            if ((!isKept && (code[i].IsCall || code[i].IsIndirectCall)) || code[i].EndsFlow)
            {
                return -1;
            }

            if (!code[i].IsDirectBranch(out _) && code[i].Rd == register)
            {
                return code[i].IsLoad64(out offset) && !IsEntered(code, i, before) ? i : -1;
            }
        }

        return -1;
    }

    /// <summary>
    /// Whether a branch from elsewhere leads between the instruction that sets a register and one that uses it. A branch back, from
    /// the end of a loop that begins between them, is not from elsewhere while the loop leaves the register alone.
    /// </summary>
    private static bool IsEntered(IReadOnlyList<Instruction> code, int first, int last)
    {
        for (int i = 0; i < code.Count; i++)
        {
            bool isEntry = (i <= first || i > last) && code[i].IsDirectBranch(out ulong target)
                && target > code[first].Address && target <= code[last].Address;
            if (!isEntry)
            {
                continue;
            }

            if (i < last || i > last + KeptWindow)
            {
                return true;
            }

            for (int j = last + 1; j <= i; j++)
            {
                if (!code[j].IsDirectBranch(out _) && code[j].Rd == code[first].Rd)
                {
                    return true;
                }
            }

            last = i;
            i = -1; // the loop may be entered from elsewhere
        }

        return false;
    }

    /// <summary>
    /// ADR of a place in the code (in assembly the base may lie before the function), ADD of an offset to it, BR:
    /// a jump within the function. No pointer to a function is ever added to.
    /// </summary>
    private static bool IsTableJump(IReadOnlyList<Instruction> code, int jump)
    {
        if (jump == 0 || !code[jump - 1].IsAddRegisters || code[jump - 1].Rd != code[jump].Rn)
        {
            return false;
        }

        for (int i = jump - 2; i >= 0 && i >= jump - 5; i--)
        {
            if (code[i].IsAdr(out _))
            {
                return true;
            }
        }

        return false;
    }

    private static void Add(HashSet<CodeRegion> targets, CodeRegion? region)
    {
        if (region is not null)
        {
            targets.Add(region);
        }
    }
}
