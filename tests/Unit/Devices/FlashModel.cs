using System.Collections.Generic;

namespace SharpVisor.Tests.Unit.Devices;

/// <summary>
/// A flash bank without memory as the commands' descriptions tell it: a command at a time, each taking the words that
/// belong to it. What its reads show is a word of one chip for every place.
/// </summary>
internal sealed class FlashModel
{
    private const int LargestCount = 1023;

    private readonly IEnumerator<bool> _chip;
    private uint _word;

    internal FlashModel()
    {
        _chip = Run().GetEnumerator();
        _chip.MoveNext();
    }

    /// <summary>The command whose answer reads show: ff array, 70 status, 90 identifier, 98 query.</summary>
    internal int Shown { get; private set; } = 0xff;

    internal int Status { get; private set; } = 0x80;

    internal void Write(uint word)
    {
        _word = word;
        _chip.MoveNext();
    }

    // It stops wherever the chip waits for a write.
    private IEnumerable<bool> Run()
    {
        while (true)
        {
            yield return true;
            switch (_word & 0xff)
            {
                case 0x90:
                case 0x98:
                    Shown = (int)_word & 0xff;
                    break;
                case 0x70:
                case 0xb0:
                case 0xd0:
                    Shown = 0x70;
                    break;
                case 0x20:
                    Shown = 0x70;
                    yield return true;
                    Confirm((_word & 0xff) == 0xd0, 0);
                    break;
                case 0x60:
                    Shown = 0x70;
                    yield return true;
                    Confirm((_word & 0xff) is 0x01 or 0x2f or 0xd0, 0);
                    break;
                case 0x10:
                case 0x40:
                case 0xc0:
                    Shown = 0x70;
                    yield return true;
                    Status |= 0x12;
                    break;
                case 0xe8:
                    Shown = 0x70;
                    yield return true;
                    int count = (int)_word & 0xffff;
                    if (count > LargestCount)
                    {
                        Status |= 0x30;
                        break;
                    }

                    for (int i = 0; i <= count; i++)
                    {
                        yield return true;
                    }

                    yield return true;
                    Confirm((_word & 0xff) == 0xd0, 0x12);
                    break;
                case 0x50:
                    Status = 0x80;
                    Shown = 0xff;
                    break;
                default:
                    Shown = 0xff;
                    break;
            }
        }
    }

    private void Confirm(bool isConfirmed, int errors)
    {
        Status |= isConfirmed ? errors : 0x30;
        if ((_word & 0xff) == 0xff)
        {
            Shown = 0xff;
        }
    }
}
