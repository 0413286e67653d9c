using System;
using SharpVisor.Arch;
using SharpVisor.Debug;

namespace SharpVisor.Console;

/// <summary>
/// The terminal at the other end of the serial line: what stands on its current line, and who may write there. A line
/// of the hypervisor's never mixes with a guest's output, and the line that is being typed makes room for both.
/// </summary>
/// <remarks>Its lock is the innermost one: nothing is called under it but the hardware.</remarks>
internal sealed class Terminal : LogSink
{
    private readonly SerialLine _line;
    private readonly LineEditor _editor;
    private SpinLock _lock;
    private bool _isInLine;
    private bool _hasPrompt;
    private bool _isClosed;

    internal Terminal(SerialLine line, LineEditor editor)
    {
        _line = line;
        _editor = editor;
    }

    /// <summary>Whether colours and cursor movement may be sent: a person said so, or the terminal sent sequences itself.</summary>
    internal bool KnowsSequences { get; set; }

    /// <summary>The hypervisor's own bytes, between <see cref="BeginLine"/> and <see cref="EndLine"/>; those of a panic at any time.</summary>
    public override void Write(byte value) => _line.Write(value);

    /// <inheritdoc/>
    public override void BeginLine()
    {
        _lock.Enter();
        if (_hasPrompt)
        {
            _editor.Hide(_line);
        }

        LeaveLine();
    }

    /// <inheritdoc/>
    public override void EndLine()
    {
        if (_hasPrompt)
        {
            _editor.Show(_line);
        }

        _lock.Exit();
    }

    /// <summary>A byte of the attached guest's.</summary>
    internal void Guest(byte value)
    {
        _lock.Enter();
        _line.Write(value);
        _isInLine = value != '\n';
        _lock.Exit();
    }

    /// <summary>Bytes of a guest's.</summary>
    internal void Guest(ReadOnlySpan<byte> text)
    {
        _lock.Enter();
        for (int i = 0; i < text.Length; i++)
        {
            _line.Write(text[i]);
            _isInLine = text[i] != '\n';
        }

        _lock.Exit();
    }

    /// <summary>Sends bytes that leave the cursor at the begin of a line.</summary>
    internal void Send(ReadOnlySpan<byte> text)
    {
        _lock.Enter();
        LineView.Send(_line, text);
        _lock.Exit();
    }

    /// <summary>Shows the prompt with an empty line, on a line of its own.</summary>
    internal void ShowPrompt()
    {
        _lock.Enter();
        BeginPrompt();
        _lock.Exit();
    }

    /// <summary>Takes the prompt away.</summary>
    internal void HidePrompt()
    {
        _lock.Enter();
        if (_hasPrompt)
        {
            _editor.Hide(_line);
            _hasPrompt = false;
        }

        _lock.Exit();
    }

    /// <summary>Takes the prompt away for good: the machine ends, and the log has the last line.</summary>
    internal void Close()
    {
        _lock.Enter();
        if (_hasPrompt)
        {
            _editor.Hide(_line);
            _hasPrompt = false;
        }

        _isClosed = true;
        _lock.Exit();
    }

    /// <summary>Lets the editor take a byte and shows what became of the line. A line that is complete stays on the terminal.</summary>
    internal EditAction Type(byte value)
    {
        _lock.Enter();
        if (_isClosed)
        {
            _lock.Exit();
            return EditAction.None;
        }

        BeginPrompt();
        bool knew = _editor.KnowsSequences;
        EditAction action = _editor.Feed(value);
        KnowsSequences |= _editor.KnowsSequences && !knew;
        switch (action)
        {
            case EditAction.Submit:
                _editor.Finish(_line);
                _hasPrompt = false;
                break;
            case EditAction.Fresh:
                _editor.Finish(_line);
                _editor.Reset();
                _editor.Show(_line);
                break;
            case EditAction.Clear:
                _editor.Hide(_line);
                LineView.Send(_line, "\x1b[H\x1b[2J"u8);
                _editor.Show(_line);
                break;
            default:
                _editor.Show(_line);
                break;
        }

        _lock.Exit();
        return action;
    }

    /// <summary>Puts text into the line that is being typed, or rings the bell where it is empty or does not fit.</summary>
    internal void Insert(ReadOnlySpan<byte> text)
    {
        _lock.Enter();
        if (text.IsEmpty || !_editor.TryInsert(text))
        {
            _editor.Complain();
        }

        if (_hasPrompt)
        {
            _editor.Show(_line);
        }

        _lock.Exit();
    }

    private void BeginPrompt()
    {
        if (!_hasPrompt && !_isClosed)
        {
            LeaveLine();
            if (KnowsSequences)
            {
                LineView.Send(_line, "\x1b[0m\x1b[?25h"u8); // whatever a guest has left on
            }

            _hasPrompt = true;
            _editor.Reset();
            _editor.Show(_line);
        }
    }

    private void LeaveLine()
    {
        if (_isInLine)
        {
            _line.Write((byte)'\r');
            _line.Write((byte)'\n');
            _isInLine = false;
        }
    }
}
