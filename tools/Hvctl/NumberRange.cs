using System.CommandLine;
using System.Globalization;

namespace SharpVisor.Hvctl;

/// <summary>Options that are numbers within limits.</summary>
internal static class NumberRange
{
    /// <summary>Refuses other numbers, and what is no number.</summary>
    internal static void Require(Option option, double lowest, double highest) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token]
            && !(double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= lowest && number <= highest))
        {
            string limits = highest >= int.MaxValue ? $"from {lowest:0.##}" : $"from {lowest:0.##} to {highest:0.##}";
            result.AddError($"{option.Name} takes a number {limits}, not '{token.Value}'.");
        }
    });
}
