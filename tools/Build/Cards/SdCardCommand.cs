using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Build.Fetching;
using SharpVisor.Build.Pipeline;
using SharpVisor.Build.Running;

namespace SharpVisor.Build.Cards;

/// <summary>The verb <c>sdcard</c>: the image of a card from which a Raspberry Pi starts the hypervisor and its guests.</summary>
internal static class SdCardCommand
{
    internal static async Task<int> ExecuteAsync(Settings settings)
    {
        int built = await BuildCommand.ExecuteAsync(settings);
        if (built != 0)
        {
            return built;
        }

        List<CardFile> files = [];
        if (settings.IsGiven(Variables.Firmware))
        {
            files.AddRange(BoardFirmware.Find(settings[Variables.Firmware]));
        }

        string? bundle = await GuestChoice.ResolveBundleAsync(settings, "card", hashed: true);
        files.AddRange(await CollectAsync(bundle));
        string output = settings.IsGiven(Variables.Output) ? settings[Variables.Output] : Path.Combine(Repository.Output, "sdcard.img");
        await CardImage.WriteAsync(output, files);
        Console.WriteLine($"{output}: {new FileInfo(output).Length >> 20} MiB");
        Console.WriteLine(Instructions(output, settings.IsGiven(Variables.Firmware)));
        return 0;
    }

    /// <summary>What a card holds beside the board's own firmware.</summary>
    /// <param name="bundle">The boot bundle, or null.</param>
    internal static async Task<IReadOnlyList<CardFile>> CollectAsync(string? bundle)
    {
        List<CardFile> files =
        [
            new("config.txt", Repository.Combine("boot/raspberrypi/config.txt")),
            new("kernel8.img", Repository.Image),
        ];
        try
        {
            foreach (string tree in await new GuestArtefacts(Console.Error.WriteLine).RaspberryPiTreesAsync())
            {
                files.Add(new CardFile(Path.GetFileName(tree), tree));
            }
        }
        catch (FetchException exception)
        {
            throw new BuildException($"No device trees of the Raspberry Pi: {exception.Message}. They are in Debian's arm64 kernel package, fetched by apt below build/.");
        }

        if (bundle is not null)
        {
            files.Add(new CardFile(CardImage.BundleName, bundle));
        }

        return files;
    }

    private static string Instructions(string image, bool hasFirmware)
    {
        string text = $"""
            Write it to a card, all of which is lost (the letters and numbers are your card's: look twice):
              Linux    lsblk; sudo dd if={image} of=/dev/sdX bs=4M conv=fsync status=progress
              macOS    diskutil list; diskutil unmountDisk /dev/diskN; sudo dd if={image} of=/dev/rdiskN bs=4m
              Windows  Raspberry Pi Imager, "Use custom", or Rufus in its DD mode, with {image}
            Console: pins 8 and 10 of the header, 115200 bits per second, 8N1, 3.3 V.
            """;
        return hasFirmware ? text : text + $"""

            The card has no Raspberry Pi firmware yet, without which a board does not start from it (QEMU does): take it
            from {BoardFirmware.Source} and make the image again with FIRMWARE=folder.
            """;
    }
}
