using System.Runtime.CompilerServices;

namespace Internal.Runtime.CompilerHelpers;

/// <summary>
/// Gives every class that has static fields of reference type the object that holds them. ilc leaves a list of
/// such classes in the image: the module header names its sections, one of which is the list.
/// </summary>
public static unsafe class StaticBases
{
    private const uint ModuleSignature = 0x0052_5452; // "RTR"
    private const int GcStaticRegion = 201;
    private const int SectionCountOffset = 12;
    private const int FirstSectionOffset = 16;
    private const int SectionSize = 24;
    private const ulong Uninitialised = 1;
    private const ulong HasPreinitialisedData = 2;

    /// <summary>Allocates the holders. Runs once, with a region of the heap open, before any such field is used.</summary>
    /// <param name="module">The module header, to which the image's only <c>__modules</c> entry points.</param>
    public static void Initialise(byte* module)
    {
        if (*(uint*)module != ModuleSignature)
        {
            RuntimeFailure.Report(RuntimeFailure.Unsupported);
        }

        int sections = *(ushort*)(module + SectionCountOffset);
        for (int i = 0; i < sections; i++)
        {
            byte* section = module + FirstSectionOffset + (i * SectionSize);
            if (*(int*)section == GcStaticRegion)
            {
                AllocateHolders(*(int**)(section + 8), *(int**)(section + 16));
            }
        }
    }

    private static void AllocateHolders(int* entry, int* end)
    {
        for (; entry < end; entry++)
        {
            // Both the list and an uninitialised slot hold distances from where they stand.
            int* slot = (int*)((byte*)entry + *entry);
            ulong value = (ulong)((byte*)slot + *slot);
            MethodTable* type = (MethodTable*)(value & ~(Uninitialised | HasPreinitialisedData));
            byte* holder = (byte*)Heap.AllocateObject(type);
            if ((value & HasPreinitialisedData) != 0)
            {
                byte* data = (byte*)(slot + 1) + slot[1];
                System.SpanHelpers.Memmove(
                    ref *(holder + sizeof(MethodTable*)),
                    ref *data,
                    (nuint)type->BaseSize - (2 * (nuint)sizeof(MethodTable*)));
            }

            *(byte**)slot = holder;
        }
    }
}
