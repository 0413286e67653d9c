using System;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Formats;
using SharpVisor.Machine;
using SharpVisor.Memory;

namespace SharpVisor.Console;

/// <summary>The bundles that are on their way to this machine, and how they become definitions of VMs.</summary>
internal sealed unsafe class LocalUploads
{
    private const int Count = 4;

    // What is checked in a call takes some milliseconds: about 40 instructions a byte, 1.6 where the CPU has some for it.
    private const int WorkPortable = 256 << 10;
    private const int WorkByInstructions = 2 << 20;

    private readonly BundleUpload[] _uploads = new BundleUpload[Count];
    private int _lastId;

    internal LocalUploads()
    {
        for (int i = 0; i < Count; i++)
        {
            _uploads[i] = new BundleUpload();
        }
    }

    /// <summary>Makes room for a bundle.</summary>
    internal ControlOutcome Begin(ulong length, out int id)
    {
        id = 0;
        BundleUpload? upload = Find(0);
        if (length == 0)
        {
            return ControlOutcome.BadRequest;
        }

        if (upload == null)
        {
            return ControlOutcome.NoRoom;
        }

        if (length > int.MaxValue || !Hypervisor.Pages.TryAllocate(Reserved(length), PageTable.PageSize, out ulong memory))
        {
            return ControlOutcome.NoMemory;
        }

        id = ++_lastId;
        upload.Begin(id, (byte*)memory, (int)length);
        Log.Detail().Text("upload "u8).Decimal((ulong)id).Text(": a bundle of "u8).Size(length).End();
        return ControlOutcome.Ok;
    }

    /// <summary>Takes a piece of a bundle.</summary>
    internal ControlOutcome Write(int id, ulong offset, ReadOnlySpan<byte> data)
    {
        BundleUpload? upload = FindLive(id);
        return upload == null ? ControlOutcome.NoSuchUpload : upload.Write(offset, data);
    }

    /// <summary>Checks a piece of a bundle; at the end of it takes up its definitions, all of them or none.</summary>
    internal ControlOutcome Finish(int id, ReadOnlySpan<byte> sha256, out UploadVerdict verdict)
    {
        verdict = default;
        BundleUpload? upload = FindLive(id);
        if (upload == null)
        {
            return ControlOutcome.NoSuchUpload;
        }

        Sha256Compression compression = BootBundle.Compression;
        ControlOutcome outcome = upload.Check(sha256, compression, Sha256Instructions.Exist ? WorkByInstructions : WorkPortable, out verdict);
        if (outcome is ControlOutcome.Busy or ControlOutcome.BadRequest)
        {
            return outcome;
        }

        if (outcome == ControlOutcome.Ok)
        {
            outcome = Define(upload, ref verdict);
        }

        if (outcome == ControlOutcome.Ok)
        {
            upload.End(); // its memory is the definitions' now
        }
        else
        {
            Log.Detail().Text("upload "u8).Decimal((ulong)id).Text(": refused: "u8)
                .Text(verdict.Error == BundleError.None ? ControlText.Describe(outcome) : BundleErrorText.Describe(verdict.Error)).End();
            Release(upload);
        }

        return outcome;
    }

    /// <summary>Gives up a bundle.</summary>
    internal ControlOutcome Abort(int id)
    {
        BundleUpload? upload = FindLive(id);
        if (upload == null)
        {
            return ControlOutcome.NoSuchUpload;
        }

        Log.Detail().Text("upload "u8).Decimal((ulong)id).Text(": given up"u8).End();
        Release(upload);
        return ControlOutcome.Ok;
    }

    private static ControlOutcome Define(BundleUpload upload, ref UploadVerdict verdict)
    {
        Bundle bundle = Bundle.Reopen(upload.Bytes);
        if (verdict.Vms > VmTable.Room)
        {
            return Refuse(ref verdict, BundleError.NoRoom);
        }

        BundleVm vm;
        for (int i = 0; bundle.TryGetVm(i, out vm, out _); i++)
        {
            if (VmTable.HasName(vm.Name))
            {
                verdict.Culprit = VmName.From(vm.Name);
                return Refuse(ref verdict, BundleError.NameTaken);
            }
        }

        LoadedBundle? loaded = LoadedBundle.Begin(verdict.Vms, upload.Address, Reserved((ulong)upload.Bytes.Length));
        if (loaded == null)
        {
            verdict = default;
            return ControlOutcome.NoMemory;
        }

        for (int i = 0; bundle.TryGetVm(i, out vm, out _); i++)
        {
            loaded.Add(vm);
        }

        loaded.End();
        Log.Line().Text("a boot bundle has come: "u8).Decimal((ulong)verdict.Vms)
            .Text(verdict.Vms == 1 ? " virtual machine is defined"u8 : " virtual machines are defined"u8).End();
        return ControlOutcome.Ok;
    }

    private static ControlOutcome Refuse(ref UploadVerdict verdict, BundleError error)
    {
        verdict.Error = error;
        verdict.Vms = 0;
        return ControlOutcome.BadBundle;
    }

    private static void Release(BundleUpload upload)
    {
        Hypervisor.Pages.Free(upload.Address, Reserved((ulong)upload.Bytes.Length));
        upload.End();
    }

    private static ulong Reserved(ulong length) => (length + PageTable.PageSize - 1) & ~(PageTable.PageSize - 1);

    private BundleUpload? FindLive(int id) => id == 0 ? null : Find(id);

    private BundleUpload? Find(int id)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_uploads[i].Id == id)
            {
                return _uploads[i];
            }
        }

        return null;
    }
}
