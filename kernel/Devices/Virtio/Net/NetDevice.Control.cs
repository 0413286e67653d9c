using System;
using System.Buffers.Binary;
using System.Threading;

namespace SharpVisor.Devices.Virtio;

/// <content>The control queue (virtio 1.2, 5.1.6.5).</content>
public sealed partial class NetDevice
{
    private const int CommandsPerTurn = 8;
    private const int LongestCommand = 1024;
    private const byte Succeeded = 0;
    private const byte Failed = 1;

    private const int ClassReceive = 0;
    private const int ClassMac = 1;
    private const int ClassVlan = 2;
    private const int ClassAnnounce = 3;
    private const int ClassQueues = 4;
    private const int ClassOffloads = 5;

    private bool WorkControl(int queue)
    {
        Virtqueue ring = Queues[queue];
        Span<byte> command = stackalloc byte[LongestCommand];
        Span<byte> answer = stackalloc byte[1];
        for (int i = 0; i < CommandsPerTurn; i++)
        {
            if (!ring.TryTakeOrWatch(_control))
            {
                ring.Publish();
                return true;
            }

            int length = (int)Math.Min(_control.Readable, LongestCommand);
            bool isWhole = _control.Readable <= LongestCommand;
            if (!_control.TryRead(_memory, command.Slice(0, length)) || _control.Writable == 0)
            {
                ring.Break();
                return true;
            }

            answer[0] = isWhole && length >= 2 && TryDo(command[0], command[1], command.Slice(2, length - 2)) ? Succeeded : Failed;
            if (!_control.TryWrite(_memory, answer))
            {
                ring.Break();
                return true;
            }

            ring.Complete(_control.Ticket, _control.Written);
        }

        ring.Publish();
        return false;
    }

    private bool Has(ulong feature) => (Features & feature) != 0;

    private bool TryDo(int type, int command, ReadOnlySpan<byte> data)
    {
        switch (type)
        {
            case ClassReceive:
                return Has(NetFeatures.ControlReceive) && data.Length >= 1 && _filter.TrySetMode(command, data[0] != 0, Has(NetFeatures.ControlReceiveExtra));
            case ClassMac when command == 0:
                return Has(NetFeatures.ControlReceive) && _filter.TrySetTables(data);
            case ClassMac when command == 1:
                if (!Has(NetFeatures.ControlMac) || data.Length < 6)
                {
                    return false;
                }

                _filter.Mac = ReceiveFilter.ReadMac(data);
                return true;
            case ClassVlan when command <= 1:
                return Has(NetFeatures.ControlVlan) && data.Length >= 2 && _filter.TrySetVlan(BinaryPrimitives.ReadUInt16LittleEndian(data), command == 0);
            case ClassAnnounce when command == 0:
                Interlocked.And(ref _status, ~AnnounceWanted);
                return Has(NetFeatures.Announce);
            case ClassQueues when command == 0 && data.Length >= 2:
                uint pairs = BinaryPrimitives.ReadUInt16LittleEndian(data);
                if (!Has(NetFeatures.MultiQueue) || pairs - 1 >= (uint)_pairs)
                {
                    return false;
                }

                Volatile.Write(ref _activePairs, (int)pairs);
                return true;
            case ClassOffloads when command == 0 && data.Length >= sizeof(ulong):
                ulong offloads = BinaryPrimitives.ReadUInt64LittleEndian(data);
                if (!Has(NetFeatures.ControlOffloads) || (offloads & ~(Features & NetFeatures.GuestOffloads)) != 0 || !Accepts(Features & ~NetFeatures.GuestOffloads | offloads))
                {
                    return false;
                }

                Volatile.Write(ref _offloads, offloads);
                return true;
            default:
                return false;
        }
    }
}
