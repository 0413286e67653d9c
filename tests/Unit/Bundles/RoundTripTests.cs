using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using CsCheck;
using SharpVisor.Bundles;
using SharpVisor.Bundles.Definitions;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Bundles;

/// <summary>What somebody writes in TOML is what the hypervisor's parser finds in the bundle.</summary>
public sealed class RoundTripTests : IDisposable
{
    private static readonly Gen<VmText> s_vm =
        Gen.Select(Gen.Char["abcxyz019-"].Array[1, 29], Gen.Int[1, 8], Gen.Int[1, 600], Gen.Int[0, 3], Gen.Int[0, 600])
        .Select(Gen.Select(Gen.Bool, Gen.Bool, Gen.OneOf(["stop", "restart", "keep"]), Gen.Int[1, 10_000], Gen.Int[0, 64_000]))
        .Select(Gen.Select(Gen.ULong[0, 3_600_000_000], Gen.ULong, Gen.UInt[0, 10_000_000], Gen.UInt[0, 10_000_000], Gen.Char.AlphaNumeric.Array[0, 40]))
        .Select((left, right) => new VmText(left.Item1, left.Item2, right));

    private readonly DefinitionFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_definition_comes_out_as_it_was_written()
    {
        s_vm.List[1, 5].Sample(vms =>
        {
            for (int i = 0; i < vms.Count; i++)
            {
                vms[i].MakeNameUnique(i);
            }

            IReadOnlyList<VmSpecification> read = _folder.Read(string.Concat(vms.Select(vm => vm.ToToml())), out IReadOnlyList<DefinitionError> errors);
            Assert.Empty(errors);
            byte[] file = BundleWriter.Write(read, hashed: true);
            Assert.Equal(BundleError.None, Bundle.TryCreate(file, default, out Bundle bundle, out _));
            Assert.True(bundle.IsHashed);
            for (int i = 0; i < vms.Count; i++)
            {
                Assert.True(bundle.TryGetVm(i, out BundleVm vm, out BundleError error));
                Assert.Equal(BundleError.None, error);
                vms[i].AssertIs(vm);
            }

            Assert.False(bundle.TryGetVm(vms.Count, out _, out _));
        }, iter: 300, threads: 1);
    }

    [Fact]
    public void The_three_ways_of_TOML_to_write_a_table_mean_the_same()
    {
        const string Vm = "[[vm]]\nname = \"a\"\nkernel = \"Image\"\nmemory = \"1M\"\n";
        string[] ways = ["realtime = { budget = \"1ms\", period = \"2ms\" }\n", "realtime.budget = \"1ms\"\nrealtime.period = \"2ms\"\n", "[vm.realtime]\nbudget = \"1ms\"\nperiod = \"2ms\"\n"];
        foreach (string way in ways)
        {
            VmSpecification vm = Assert.Single(_folder.Read(Vm + way, out _));
            Assert.Equal((1000u, 2000u), (vm.Scheduling.Budget, vm.Scheduling.Period));
        }
    }

    /// <summary>A machine as somebody writes it, in numbers.</summary>
    private sealed class VmText(
        (char[] Name, int VCpus, int Memory, int Gic, int Guarantee) first,
        (bool Autostart, bool SharePages, string OnCrash, int Weight, int Cap) second,
        (ulong Burst, ulong Cpus, uint Budget, uint Period, char[] CommandLine) third)
    {
        private string _name = new(first.Name);

        private bool HasRamdisk => third.CommandLine.Length % 2 == 0;

        private ulong Memory => (ulong)first.Memory << 20;

        private bool HasGuarantee => first.Guarantee <= first.Memory;

        private bool HasGic => first.Gic >= 2;

        private bool HasBurst => second.Cap > 0 && third.Burst > 0;

        private bool HasBudget => third.Budget >= BundleScheduling.MinimumBudget && third.Period >= third.Budget;

        internal void MakeNameUnique(int index) => _name = string.Create(CultureInfo.InvariantCulture, $"{_name}-{index}");

        internal string ToToml()
        {
            StringBuilder text = new();
            void Line(bool isGiven, FormattableString line)
            {
                if (isGiven)
                {
                    text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
                }
            }

            IEnumerable<int> cpus = Enumerable.Range(0, 64).Where(cpu => (third.Cpus >> cpu & 1) != 0);
            Line(true, $"[[vm]]");
            Line(true, $"kernel = \"{DefinitionFolder.Kernel}\"");
            Line(HasRamdisk, $"ramdisk = '{DefinitionFolder.Ramdisk}'");
            Line(true, $"name = \"{_name}\"");
            Line(first.VCpus != 1, $"vcpus = {first.VCpus}");
            Line(true, $"memory = \"{first.Memory}M\"");
            Line(HasGuarantee, $"memory-guarantee = \"{first.Guarantee}M\"");
            Line(HasGic, $"gic = {first.Gic}");
            Line(!second.Autostart, $"autostart = false");
            Line(second.SharePages, $"share-pages = true");
            Line(second.OnCrash != "stop", $"on-crash = \"{second.OnCrash}\"");
            Line(second.SharePages, $"on-debugger-lost = \"pause\"");
            Line(second.Weight != 100, $"weight = {second.Weight}");
            Line(second.Cap > 0, $"cap = \"{second.Cap / 10}.{second.Cap % 10}%\"");
            Line(HasBurst, $"burst = \"{third.Burst}us\"");
            Line(third.Cpus != 0, $"cpus = [{string.Join(", ", cpus)}]");
            Line(HasBudget, $"realtime = {{ budget = \"{third.Budget}us\", period = \"{third.Period}us\" }}");
            Line(third.CommandLine.Length > 0, $"cmdline = \"{new string(third.CommandLine)}\"");
            return text.ToString();
        }

        internal void AssertIs(BundleVm vm)
        {
            Assert.Equal(_name, Encoding.ASCII.GetString(vm.Name));
            Assert.Equal(new string(third.CommandLine), Encoding.ASCII.GetString(vm.CommandLine));
            Assert.Equal([1, 2, 3, 4], vm.Kernel.ToArray());
            Assert.Equal(HasRamdisk ? 5000 : 0, vm.Ramdisk.Length);
            Assert.Equal((Memory, HasGuarantee ? (ulong)first.Guarantee << 20 : Memory), (vm.Memory, vm.MemoryGuarantee));
            Assert.Equal(((uint)first.VCpus, HasGic ? (uint)first.Gic : 0), (vm.VCpus, vm.GicVersion));
            Assert.Equal((second.Autostart, second.SharePages), (vm.Autostart, vm.SharePages));
            Assert.Equal(second.OnCrash, vm.OnCrash.ToString().ToLowerInvariant());
            Assert.Equal(second.SharePages ? BundleDebuggerPolicy.Pause : BundleDebuggerPolicy.Resume, vm.OnDebuggerLost);
            BundleScheduling expected = new()
            {
                Weight = (uint)second.Weight,
                Cap = (uint)second.Cap,
                Burst = HasBurst ? third.Burst : 0,
                Cpus = third.Cpus,
                Budget = HasBudget ? third.Budget : 0,
                Period = HasBudget ? third.Period : 0,
            };
            Assert.Equal(expected, vm.Scheduling);
        }
    }
}
