using System.Collections.Generic;
using System.Linq;
using SharpVisor.Build.Checks;
using Xunit;

namespace SharpVisor.Tests.Unit.Build;

/// <summary>Small images made by hand, each with one thing that the check has to see or to let pass.</summary>
public class HotPathCheckTests
{
    private const uint Return = 0xd65f03c0;
    private const uint Nop = 0xd503201f;
    private const uint StoreVector = 0xad0043f0;            // stp q16, q16, [sp]
    private const uint LoadTable = 0xf9400001;              // ldr x1, [x0]
    private const uint CallX1 = 0xd63f0020;                 // blr x1
    private const uint JumpX1 = 0xd61f0020;                 // br x1
    private const int Spacing = 0x100;

    [Fact]
    public void A_clean_path_passes()
    {
        Assert.Empty(Check([("leaf", [Nop, Return])], hot: [Call("leaf"), Return]));
    }

    [Fact]
    public void A_vector_instruction_two_calls_away_is_found_with_the_way_to_it()
    {
        IReadOnlyList<string> errors = Check([("middle", [Jump("leaf")]), ("leaf", [StoreVector, Return])], hot: [Call("middle"), Return]);
        string error = Assert.Single(errors);
        Assert.Contains("leaf uses SIMD registers", error);
        Assert.Contains("trap_interrupt -> middle -> leaf", error);
    }

    [Fact]
    public void The_allocator_is_found()
    {
        string error = Assert.Single(Check([("RhpNewFast", [Return])], hot: [Call("RhpNewFast"), Return]));
        Assert.Contains("RhpNewFast allocates", error);
    }

    [Fact]
    public void What_lies_behind_the_gate_is_not_hot()
    {
        Assert.Empty(Check([("call_preserving_simd", [StoreVector, Return])], hot: [Call("call_preserving_simd"), Return]));
    }

    [Fact]
    public void What_never_returns_to_the_guest_is_not_hot()
    {
        Assert.Empty(Check([("runtime_failure", [StoreVector, Return])], hot: [Call("runtime_failure"), Return]));
    }

    [Fact]
    public void A_virtual_call_goes_to_that_slot_of_every_class()
    {
        uint[] hot = [LoadTable, LoadSlot(1), CallX1, Return];
        Assert.Empty(Check([("clean", [Return]), ("dirty", [StoreVector, Return])], hot, tables: [["dirty", "clean"], ["dirty", "clean"]]));
        string error = Assert.Single(Check([("clean", [Return]), ("dirty", [StoreVector, Return])], hot, tables: [["clean", "clean"], ["clean", "dirty"]]));
        Assert.Contains("trap_interrupt -> dirty", error);
    }

    [Fact]
    public void A_branch_away_does_not_hide_a_virtual_call_but_a_branch_to_there_does()
    {
        const uint Away = 0x54000060; // b.eq, three instructions on
        (string, uint[])[] functions = [("clean", [Return]), ("dirty", [StoreVector, Return])];
        Assert.Empty(Check(functions, hot: [LoadTable, Away, LoadSlot(0), CallX1, Return], tables: [["clean"]], pointers: ["dirty"]));

        const uint BackToSlot = 0x54ffffe0; // b.eq, one instruction back: the table is still what was loaded
        Assert.Empty(Check(functions, hot: [LoadTable, Nop, LoadSlot(0), BackToSlot, CallX1, Return], tables: [["clean"]], pointers: ["dirty"]));

        const uint OverTable = 0x54000040; // b.eq, two instructions on
        Assert.Single(Check(functions, hot: [OverTable, LoadTable, LoadSlot(0), CallX1, Return], tables: [["clean"]], pointers: ["dirty"]));
    }

    [Fact]
    public void A_table_that_is_kept_in_a_register_serves_several_calls_and_loops()
    {
        const uint LoadTableToX22 = 0xf9400276; // ldr x22, [x19]
        const uint LoadSlotOfX22 = 0xf9400ec1; // ldr x1, [x22, #24]
        const uint BackToCall = 0x54ffffc0; // b.eq, two instructions back
        const uint Spoil = 0xd2800016; // mov x22, #0
        (string, uint[])[] functions = [("clean", [Return]), ("dirty", [StoreVector, Return])];
        uint[] loop = [LoadTableToX22, LoadSlotOfX22, CallX1, BackToCall, LoadSlotOfX22, CallX1, Return];
        Assert.Empty(Check(functions, hot: loop, tables: [["clean"]], pointers: ["dirty"]));
        Assert.Single(Check(functions, hot: loop, tables: [["dirty"]]));
        uint[] spoilt = [LoadTableToX22, LoadSlotOfX22, CallX1, Spoil, LoadSlotOfX22, CallX1, Return];
        Assert.Single(Check(functions, hot: spoilt, tables: [["clean"]], pointers: ["dirty"]));
    }

    [Fact]
    public void Where_methods_of_a_name_are_meant_others_in_the_same_place_are_not()
    {
        (string, uint[])[] functions =
        [
            ("SharpVisor.Cpu.Trap.Access", [LoadTable, LoadSlot(0), CallX1, Return]),
            ("SharpVisor.Devices.Clock.Read", [Return]),
            ("SharpVisor.Drivers.Card.TryRead", [StoreVector, Return]),
        ];
        uint[] hot = [Call("SharpVisor.Cpu.Trap.Access"), Return];
        Assert.Empty(Check(functions, hot, tables: [["SharpVisor.Devices.Clock.Read"], ["SharpVisor.Drivers.Card.TryRead"]]));
        Assert.Single(Check(functions, hot, tables: [["SharpVisor.Drivers.Card.TryRead"]]));
    }

    [Fact]
    public void An_empty_slot_leads_nowhere()
    {
        Assert.Empty(Check([], hot: [LoadTable, LoadSlot(0), CallX1, Return], tables: [[null]]));
    }

    [Theory]
    [InlineData(CallX1)]
    [InlineData(JumpX1)]
    public void An_indirect_call_of_unknown_origin_goes_to_every_function_whose_address_is_known(uint call)
    {
        uint[] hot = [call, Return];
        Assert.Empty(Check([("dirty", [StoreVector, Return])], hot));
        Assert.Single(Check([("dirty", [StoreVector, Return])], hot, pointers: ["dirty"]));
    }

    [Fact]
    public void A_function_whose_address_is_made_by_an_instruction_counts_as_known()
    {
        // other: adr x0, dirty. At 0x100 and 0x200: 64 words.
        (string, uint[])[] functions = [("other", [0x10000800, Return]), ("dirty", [StoreVector, Return])];
        Assert.Single(Check(functions, hot: [CallX1, Return]));
    }

    [Fact]
    public void A_jump_table_stays_within_its_function()
    {
        // adr x2, .; add x1, x1, x2; br x1
        Assert.Empty(Check([("dirty", [StoreVector, Return])], hot: [0x10000002, 0x8b020021, JumpX1, Return], pointers: ["dirty"]));
    }

    [Fact]
    public void A_missing_root_is_an_error()
    {
        CodeImage image = new([], [], []);
        Assert.Equal(HotPathRules.Roots.Count, HotPathCheck.Run(image).Errors.Count);
    }

    /// <summary>A branch to be resolved when the functions have addresses: the name's hash stands for it.</summary>
    private static uint Call(string name) => 0x9400_0000 | Mark(name);

    private static uint Jump(string name) => 0x1400_0000 | Mark(name);

    private static uint LoadSlot(int slot) => 0xf9400021 | (uint)((24 + (8 * slot)) / 8) << 10; // ldr x1, [x1, #slot]

    private static uint Mark(string name) => 0x0200_0000 | (uint)(s_names.IndexOf(name) is int index && index >= 0 ? index : Add(name));

    private static readonly List<string> s_names = [];

    private static int Add(string name)
    {
        s_names.Add(name);
        return s_names.Count - 1;
    }

    private static IReadOnlyList<string> Check(
        (string Name, uint[] Code)[] functions,
        uint[] hot,
        string?[][]? tables = null,
        string[]? pointers = null)
    {
        // The first region is the hot one and bears every root's name; the last of them is what chains begin with.
        List<(string Name, uint[] Code)> all = [("trap_interrupt", hot), .. functions];
        ulong AddressOf(string name) => (ulong)(all.FindIndex(function => function.Name == name) * Spacing);
        List<CodeRegion> regions = all
            .Select((function, index) => new CodeRegion(
                function.Name,
                index == 0 ? HotPathRules.Roots : [function.Name],
                (ulong)(index * Spacing),
                (ulong)(function.Code.Length * 4),
                false,
                function.Code.Select((word, i) => Resolve((ulong)((index * Spacing) + (i * 4)), word)).ToList()))
            .ToList();
        CodeImage image = new(
            regions,
            (tables ?? []).Select(table => (IReadOnlyList<ulong>)table.Select(name => name is null ? 0 : AddressOf(name)).ToList()).ToList(),
            (pointers ?? []).Select(AddressOf).ToList());
        return HotPathCheck.Run(image).Errors;

        Instruction Resolve(ulong address, uint word)
        {
            if ((word & 0x7e00_0000) != 0x1600_0000)
            {
                return new Instruction(address, word);
            }

            long distance = (long)AddressOf(s_names[(int)(word & 0x00ff_ffff)]) - (long)address;
            return new Instruction(address, (word & 0xfc00_0000) | ((uint)(distance / 4) & 0x03ff_ffff));
        }
    }
}
