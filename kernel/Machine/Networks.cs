using System;
using System.Buffers.Binary;
using Internal.Runtime;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Devices.Virtio;
using SharpVisor.Formats;
using SharpVisor.Memory;
using SharpVisor.Network;

namespace SharpVisor.Machine;

/// <summary>
/// The networks of the machine: made when the first VM names them, and there from then on. Under the lock of the
/// machine's control.
/// </summary>
internal static class Networks
{
    /// <summary>Most networks.</summary>
    internal const int Maximum = 16;

    private const ulong SpaceOfSwitch = 256 << 10;
    private const ulong SpaceOfDevice = 20 << 10;
    private const ulong SpaceOfQueues = 6 << 10;

    private static NetworkSwitch?[]? s_all;
    private static MachineTicks? s_clock;

    /// <summary>Number of networks.</summary>
    internal static int Count { get; private set; }

    /// <summary>A network, 0 to <see cref="Count"/> - 1.</summary>
    internal static NetworkSwitch At(int index) => s_all![index]!;

    /// <summary>Prepares, while the start-up region is open.</summary>
    internal static void Initialise()
    {
        s_all = new NetworkSwitch?[Maximum];
        s_clock = new MachineTicks();
    }

    /// <summary>Bytes of a VM's region that its devices may take.</summary>
    internal static ulong SpaceFor(ReadOnlySpan<byte> definitions)
    {
        ulong space = 0;
        for (int i = 0; BundleNetwork.TryGet(definitions, i, out BundleNetwork network); i++)
        {
            space += SpaceOfDevice + (network.Queues * SpaceOfQueues);
        }

        return (space + PageTable.PageSize - 1) & ~(PageTable.PageSize - 1);
    }

    /// <summary>Makes the networks that a VM names and that are not there. No region of memory is open. False where one cannot be made.</summary>
    internal static bool TryPrepare(ReadOnlySpan<byte> definitions)
    {
        for (int i = 0; BundleNetwork.TryGet(definitions, i, out BundleNetwork network); i++)
        {
            if (Find(network.Name) == null && !TryMake(network.Name))
            {
                return false;
            }

            if (network.Uplink != 0)
            {
                Uplinks.Connect(Find(network.Name)!, network.Uplink - 1);
            }
        }

        return true;
    }

    /// <summary>Makes a VM's devices, in its region.</summary>
    internal static NetDevice[] MakeDevices(Vm vm)
    {
        ReadOnlySpan<byte> definitions = vm.Definition.Networks;
        var devices = new NetDevice[definitions.Length / BundleNetwork.Size];
        for (int i = 0; i < devices.Length; i++)
        {
            BundleNetwork.TryGet(definitions, i, out BundleNetwork network);
            devices[i] = new NetDevice(vm.Memory, Find(network.Name)!, MakeSettings(network), (int)network.Queues, network.Withheld);
        }

        return devices;
    }

    /// <summary>Connects a VM's devices, whose transports are there.</summary>
    internal static void Connect(Vm vm)
    {
        for (int i = 0; i < vm.Networks.Length; i++)
        {
            NetDevice device = vm.Networks[i];
            if (!device.TryConnect())
            {
                Log.Warning().Text(vm.Name).Text(": not connected to network "u8).Text(device.Network.Name)
                    .Text(": it is full, or another one has that MAC address there"u8).End();
            }
        }
    }

    /// <summary>Disconnects a VM's devices: nobody has anything of them afterwards.</summary>
    internal static void Disconnect(Vm vm)
    {
        for (int i = 0; i < vm.Networks.Length; i++)
        {
            vm.Networks[i].Disconnect();
        }
    }

    /// <summary>A network by its name; null where there is none.</summary>
    internal static NetworkSwitch? Find(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < Count; i++)
        {
            if (At(i).Name.SequenceEqual(name))
            {
                return At(i);
            }
        }

        return null;
    }

    private static bool TryMake(ReadOnlySpan<byte> name)
    {
        if (Count == Maximum || !Hypervisor.Pages.TryAllocate(SpaceOfSwitch, PageTable.PageSize, out ulong region))
        {
            Log.Error().Text("network "u8).Text(name).Text(Count == Maximum ? ": there are 16 networks already"u8 : ": no memory for it"u8).End();
            return false;
        }

        Heap.Open(region, SpaceOfSwitch);
        s_all![Count] = new NetworkSwitch(name, s_clock!) { Number = (byte)Count };
        Count++;
        ulong end = (Heap.Close() + PageTable.PageSize - 1) & ~(PageTable.PageSize - 1);
        Hypervisor.Pages.Free(end, region + SpaceOfSwitch - end);
        return true;
    }

    private static PortSettings MakeSettings(in BundleNetwork network)
    {
        PortSettings settings = new()
        {
            Mac = network.Mac,
            Vlan = network.Vlan,
            Isolation = network.Isolation,
            AllowsSpoofing = (network.Flags & BundleNetwork.AllowsSpoofing) != 0,
            Rate = network.Rate,
            Burst = network.Burst,
            Mtu = network.Mtu,
            TrunkCount = network.Trunk.Length / sizeof(ushort),
            AddressCount = network.Addresses.Length / sizeof(uint),
        };
        for (int i = 0; i < settings.TrunkCount; i++)
        {
            settings.Trunk[i] = BinaryPrimitives.ReadUInt16BigEndian(network.Trunk.Slice(i * sizeof(ushort)));
        }

        for (int i = 0; i < settings.AddressCount; i++)
        {
            settings.Addresses[i] = BinaryPrimitives.ReadUInt32BigEndian(network.Addresses.Slice(i * sizeof(uint)));
        }

        return settings;
    }

    private sealed class MachineTicks : NetworkClock
    {
        public override ulong Frequency => SystemRegisters.ReadCntfrqEl0();

        public override ulong Now => SystemRegisters.ReadCntpctEl0();
    }
}
