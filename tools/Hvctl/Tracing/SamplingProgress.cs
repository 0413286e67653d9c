using System.Globalization;

namespace SharpVisor.Hvctl.Tracing;

/// <summary>A line on a terminal that says how far something has come that lasts a given time.</summary>
internal sealed class SamplingProgress
{
    private const double Refresh = 0.1;

    private readonly Invocation _invocation;
    private readonly string _what;
    private readonly double _seconds;
    private readonly bool _isShown;
    private double _next;
    private int _length;

    internal SamplingProgress(Invocation invocation, string what, double seconds)
    {
        _invocation = invocation;
        _what = what;
        _seconds = seconds;
        _isShown = !invocation.IsJson && invocation.Host.IsErrorTerminal;
    }

    /// <summary>Shows it, at most ten times a second.</summary>
    internal void Show(double now, string state)
    {
        if (_isShown && now >= _next)
        {
            _next = now + Refresh;
            string line = string.Create(CultureInfo.InvariantCulture, $"{_what}: {now:0.0} of {_seconds:0.0} s, {state}");
            _invocation.Host.Error.Write("\r" + line.PadRight(_length));
            _length = line.Length;
        }
    }

    /// <summary>Clears the line.</summary>
    internal void End()
    {
        if (_isShown && _length != 0)
        {
            _invocation.Host.Error.Write("\r" + new string(' ', _length) + "\r");
        }
    }
}
