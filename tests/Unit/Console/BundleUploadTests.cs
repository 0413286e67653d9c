using System;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using SharpVisor.Console;
using SharpVisor.Formats;
using SharpVisor.Tests.Unit.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Console;

public sealed unsafe class BundleUploadTests
{
    private const int Work = 64;

    private static readonly byte[] s_bundle = BundleTests.Make(
        names: ["one", "two"], hashes: [("sha256", SHA256.HashData([1, 2, 3, 4])), ("crc32", BundleTests.Cell(Crc32.Compute([1, 2, 3, 4])))]);

    [Fact]
    public void A_bundle_that_came_in_pieces_of_any_order_is_sound()
    {
        Upload(s_bundle, s_bundle.Length, (upload, _) =>
        {
            foreach (int offset in Enumerable.Range(0, (s_bundle.Length + 99) / 100).Select(index => index * 100).Reverse())
            {
                ReadOnlySpan<byte> piece = s_bundle.AsSpan(offset, Math.Min(100, s_bundle.Length - offset));
                Assert.Equal(ControlOutcome.Ok, upload.Write((ulong)offset, piece));
                Assert.Equal(ControlOutcome.Ok, upload.Write((ulong)offset, piece)); // the same again
            }

            ControlOutcome outcome = Check(upload, SHA256.HashData(s_bundle), out UploadVerdict verdict, out int steps);
            Assert.Equal((ControlOutcome.Ok, BundleError.None, 2), (outcome, verdict.Error, verdict.Vms));
            Assert.True(steps > s_bundle.Length / Work);
        });
    }

    [Fact]
    public void A_piece_outside_of_the_bundle_is_refused() => Upload(s_bundle, 100, (upload, memory) =>
    {
        byte[] before = memory.ToArray();
        Assert.Equal(ControlOutcome.BadRequest, upload.Write(100, [1]));
        Assert.Equal(ControlOutcome.BadRequest, upload.Write(99, [1, 2]));
        Assert.Equal(ControlOutcome.BadRequest, upload.Write(ulong.MaxValue, [1, 2]));
        Assert.Equal(ControlOutcome.BadRequest, upload.Write(0, new byte[101]));
        Assert.Equal(before, memory.ToArray());
        Assert.Equal(ControlOutcome.Ok, upload.Write(100, []));
    });

    [Fact]
    public void Bytes_that_are_not_those_that_were_meant_are_no_bundle() => Upload(s_bundle, s_bundle.Length, (upload, _) =>
    {
        upload.Write(0, s_bundle);
        upload.Write(7, [0xff]);
        ControlOutcome outcome = Check(upload, SHA256.HashData(s_bundle), out UploadVerdict verdict, out int _);
        Assert.Equal((ControlOutcome.BadBundle, BundleError.None), (outcome, verdict.Error));
    });

    [Fact]
    public void Nothing_is_written_while_it_is_checked_and_the_hash_stays_the_same() => Upload(s_bundle, s_bundle.Length, (upload, _) =>
    {
        upload.Write(0, s_bundle);
        byte[] hash = SHA256.HashData(s_bundle);
        Assert.Equal(ControlOutcome.BadRequest, upload.Check(hash.AsSpan(1), default, Work, out UploadVerdict _));
        Assert.Equal(ControlOutcome.Busy, upload.Check(hash, default, Work, out UploadVerdict _));
        Assert.Equal(ControlOutcome.Busy, upload.Write(0, [1]));
        Assert.Equal(ControlOutcome.BadRequest, upload.Check(new byte[32], default, Work, out UploadVerdict _));
        Assert.Equal(ControlOutcome.Ok, Check(upload, hash, out UploadVerdict _, out int _));
    });

    [Fact]
    public void One_wrong_definition_makes_the_bundle_wrong_and_is_named()
    {
        byte[] bundle = BundleTests.Make(names: ["one", "Two"]);
        Upload(bundle, bundle.Length, (upload, _) =>
        {
            upload.Write(0, bundle);
            ControlOutcome outcome = Check(upload, SHA256.HashData(bundle), out UploadVerdict verdict, out int _);
            Assert.Equal((ControlOutcome.BadBundle, BundleError.BadName, 0), (outcome, verdict.Error, verdict.Vms));
            Assert.True(verdict.Culprit.Is("Two"u8));
        });
    }

    [Fact]
    public void A_name_is_fit_for_a_terminal()
    {
        byte[] bundle = BundleTests.Make(names: ["\u001b[31m\u00e4"]);
        Upload(bundle, bundle.Length, (upload, _) =>
        {
            upload.Write(0, bundle);
            Assert.Equal(ControlOutcome.BadBundle, Check(upload, SHA256.HashData(bundle), out UploadVerdict verdict, out int _));
            for (int i = 0; i < verdict.Culprit.Length; i++)
            {
                Assert.InRange(verdict.Culprit[i], 0x21, 0x7e);
            }
        });
    }

    [Fact]
    public void Whatever_comes_is_found_sound_in_pieces_where_it_is_sound_as_a_whole() =>
        Gen.Select(Gen.Int[0, s_bundle.Length], Gen.Select(Gen.Int[0, 1000], Gen.Byte).Array[0, 5], Gen.Int[1, 5000]).Sample((length, changes, work) =>
        {
            byte[] bytes = (byte[])s_bundle.Clone();
            foreach ((int place, byte value) in changes)
            {
                bytes[place] = value;
            }

            bytes = bytes[..Math.Max(length, 1)];
            BundleError whole = Bundle.TryCreate(bytes, default, out Bundle bundle, out ReadOnlySpan<byte> image);
            string culprit = Encoding.Latin1.GetString(image);
            for (int i = 0; whole == BundleError.None && bundle.TryGetVm(i, out BundleVm vm, out BundleError error); i++)
            {
                whole = error;
                culprit = error == BundleError.None ? "" : Encoding.Latin1.GetString(vm.Name);
            }

            BundleCheck check = new(checksVms: true);
            int steps = 0;
            while (!check.Step(bytes, default, work))
            {
                Assert.True(++steps < 100);
            }

            Assert.Equal(whole, check.Error);
            Assert.Equal(culprit, Encoding.Latin1.GetString(check.Culprit(bytes)));
        }, iter: 20_000);

    private static ControlOutcome Check(BundleUpload upload, byte[] hash, out UploadVerdict verdict, out int steps)
    {
        ControlOutcome outcome;
        steps = 0;
        do
        {
            outcome = upload.Check(hash, default, Work, out verdict);
            Assert.True(++steps < 10_000);
        }
        while (outcome == ControlOutcome.Busy);
        return outcome;
    }

    private static void Upload(byte[] bundle, int length, Action<BundleUpload, Memory<byte>> use)
    {
        byte[] memory = GC.AllocateArray<byte>(bundle.Length, pinned: true);
        fixed (byte* first = memory)
        {
            BundleUpload upload = new();
            upload.Begin(1, first, length);
            use(upload, memory);
        }
    }
}
