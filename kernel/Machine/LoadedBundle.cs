using System;
using Internal.Runtime;
using SharpVisor.Formats;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>
/// Images and definitions that came together. The objects of the definitions lie beside the bundle, in a run of memory of
/// their own; where the bundle came over the control channel, both are given back with the last definition.
/// </summary>
internal sealed class LoadedBundle
{
    private ulong _bundle;
    private ulong _bundleLength;
    private ulong _objects;
    private ulong _objectsLength;
    private int _count;

    private LoadedBundle()
    {
    }

    /// <summary>Whether its definitions go with their VMs.</summary>
    internal bool IsTemporary => _bundleLength != 0;

    /// <summary>Begins to take up definitions: opens the memory for their objects, until <see cref="End"/>.</summary>
    /// <param name="count">Most definitions.</param>
    /// <param name="bundle">Where the bundle's memory begins that is given back with the last definition.</param>
    /// <param name="bundleLength">Bytes, a multiple of 4 KiB; 0 where it stays for ever.</param>
    /// <returns>Null where there is no memory.</returns>
    internal static LoadedBundle? Begin(int count, ulong bundle, ulong bundleLength)
    {
        ulong length = ((ulong)count + 1) * PageTable.PageSize;
        if (!Hypervisor.Pages.TryAllocate(length, PageTable.PageSize, out ulong objects))
        {
            return null;
        }

        Heap.Open(objects, length);
        return new LoadedBundle { _bundle = bundle, _bundleLength = bundleLength, _objects = objects, _objectsLength = length };
    }

    /// <summary>Takes up one definition. Null where the table is full.</summary>
    internal VmEntry? Add(in BundleVm definition)
    {
        VmEntry? entry = VmTable.IsFull ? null : new VmEntry(this, new VmDefinition(definition));
        if (entry != null)
        {
            VmTable.Add(entry);
            _count++;
        }

        return entry;
    }

    /// <summary>No more definitions come.</summary>
    internal void End()
    {
        // A definition has a page at most, with all of its disks; most have far less.
        ulong end = (Heap.Close() + PageTable.PageSize - 1) & ~(PageTable.PageSize - 1);
        Hypervisor.Pages.Free(end, _objects + _objectsLength - end);
        _objectsLength = end - _objects;
        GiveBackWhereEmpty();
    }

    /// <summary>One of the definitions is not needed any more. This object may be gone afterwards.</summary>
    internal void Remove(VmEntry entry)
    {
        VmTable.Remove(entry);
        _count--;
        GiveBackWhereEmpty();
    }

    private void GiveBackWhereEmpty()
    {
        if (_count == 0)
        {
            PageAllocator pages = Hypervisor.Pages;
            if (_bundleLength != 0)
            {
                pages.Free(_bundle, _bundleLength);
            }

            pages.Free(_objects, _objectsLength); // this object, too
        }
    }
}
