using System.Collections.Generic;
using SharpVisor.Build.Checks;
using Xunit;

namespace SharpVisor.Tests.Unit.Build;

/// <summary>The checks on what ilc made and said.</summary>
public class CompilerCheckTests
{
    private const string CleanLog = "ILC: Compiling 1 methods...\nILC: Preinitialized 3 types out of 3.\n";

    [Fact]
    public void A_log_without_complaints_passes() =>
        Assert.Empty(PreinitialisationCheck.Run(CleanLog, ["sharpvisor_SharpVisor_Cpu_Trap__DataAbort"]));

    [Fact]
    public void A_static_that_was_not_preinitialised_is_named_with_the_reason()
    {
        string log = "ILC: Could not preinitialize '[lab]SharpVisor.Lab.Lazy': Method '[lab]SharpVisor.Lab.Lab.Native()': Extern method\n" + CleanLog;
        string error = Assert.Single(PreinitialisationCheck.Run(log, []));
        Assert.Contains("SharpVisor.Lab.Lazy could not be initialised", error);
        Assert.Contains("Extern method", error);
    }

    [Theory]
    [InlineData("__GetNonGCStaticBase_lab_SharpVisor_Lab_Lazy")]
    [InlineData("__GetGCStaticBase_lab_SharpVisor_Lab_Lazy")]
    public void A_lazy_class_constructor_is_an_error(string symbol) =>
        Assert.Contains("lab_SharpVisor_Lab_Lazy", Assert.Single(PreinitialisationCheck.Run(CleanLog, [symbol])));

    [Fact]
    public void An_accessor_of_ours_that_is_defined_passes() =>
        Assert.Empty(RuntimeHelperCheck.Run([("read_esr_el2", "A"), ("memset", "A"), ("RhpNewFast", "A")], Defined("read_esr_el2", "memset", "RhpNewFast")));

    [Fact]
    public void A_symbol_that_nothing_defines_is_named_with_its_user()
    {
        string error = Assert.Single(RuntimeHelperCheck.Run([("read_nothing_el2", "SharpVisor.Cpu.Trap.Exception")], Defined()));
        Assert.Contains("SharpVisor.Cpu.Trap.Exception asks for read_nothing_el2", error);
    }

    [Theory]
    [InlineData("RhpInitialDynamicInterfaceDispatch")]
    [InlineData("RhTypeCast_CheckCast")]
    [InlineData("__tls_get_addr")]
    public void A_runtime_helper_off_the_list_is_an_error_even_when_it_is_defined(string symbol) =>
        Assert.Contains(symbol, Assert.Single(RuntimeHelperCheck.Run([(symbol, "A")], Defined(symbol))));

    private static HashSet<string> Defined(params string[] symbols) => [.. symbols];
}
