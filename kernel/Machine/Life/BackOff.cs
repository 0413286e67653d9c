namespace SharpVisor.Machine.Life;

/// <summary>
/// How long a VM waits that begins anew by itself: twice as long each time it has not run for long before, up to a
/// limit. After it has run for a while everything is forgotten.
/// </summary>
public struct BackOff
{
    private const int LongestShift = 6;

    private int _failures;

    /// <summary>Times in a row that it did not run for long.</summary>
    public readonly int Failures => _failures;

    /// <summary>It has ended again.</summary>
    /// <param name="ran">For how long it ran.</param>
    /// <param name="first">The first time to wait, in the same unit. The longest is 64 times that, and who ran so long ran well.</param>
    /// <param name="free">How many failures cost nothing.</param>
    /// <returns>How long it has to wait.</returns>
    public ulong Next(ulong ran, ulong first, int free)
    {
        if (ran >= first << LongestShift)
        {
            _failures = 0;
        }

        int shift = _failures - free;
        _failures += _failures < free + LongestShift ? 1 : 0;
        return shift < 0 ? 0 : first << shift;
    }

    /// <summary>A person begins it anew.</summary>
    public void Forget() => _failures = 0;
}
