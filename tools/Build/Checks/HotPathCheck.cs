using System;
using System.Collections.Generic;
using System.Linq;

namespace SharpVisor.Build.Checks;

/// <summary>
/// Proves that what runs while a guest's SIMD registers are live neither touches those registers nor allocates.
/// </summary>
internal static class HotPathCheck
{
    internal static HotPathReport Run(CodeImage image)
    {
        List<string> errors = [];
        CallGraph graph = new(image);
        Dictionary<CodeRegion, CodeRegion?> cameFrom = [];
        Queue<CodeRegion> queue = new();
        foreach (string root in HotPathRules.Roots)
        {
            CodeRegion? region = image.Find(root);
            if (region is null)
            {
                errors.Add($"hot path: the image has no {root}, where a hot path begins (tools/Build/Checks/HotPathRules.cs).");
            }
            else if (cameFrom.TryAdd(region, null))
            {
                queue.Enqueue(region);
            }
        }

        while (queue.TryDequeue(out CodeRegion? region))
        {
            if (FindOffence(region) is string offence)
            {
                errors.Add($"hot path: {region.Name} {offence}, reached by {Chain(region, cameFrom)}.");
                continue;
            }

            foreach (CodeRegion target in graph.Targets(region).Where(target => !IsEndOfPath(target) && cameFrom.TryAdd(target, region)))
            {
                queue.Enqueue(target);
            }
        }

        return new HotPathReport(errors, cameFrom.Keys.Select(region => region.Name).Order(StringComparer.Ordinal).ToList());
    }

    private static bool IsEndOfPath(CodeRegion region) => HotPathRules.IsEnding(region) || region.Symbols.Any(HotPathRules.Gates.Contains);

    private static string? FindOffence(CodeRegion region)
    {
        if (region.Symbols.Any(HotPathRules.Allocators.Contains))
        {
            return "allocates";
        }

        foreach (Instruction instruction in region.Instructions)
        {
            if (instruction.UsesSimd)
            {
                return $"uses SIMD registers (at 0x{instruction.Address:x})";
            }
        }

        return null;
    }

    private static string Chain(CodeRegion region, Dictionary<CodeRegion, CodeRegion?> cameFrom)
    {
        List<string> names = [];
        for (CodeRegion? step = region; step is not null; step = cameFrom[step])
        {
            names.Add(step.Name);
        }

        names.Reverse();
        return string.Join(" -> ", names);
    }
}
