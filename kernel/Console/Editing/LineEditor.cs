using System;
using SharpVisor.Debug;

namespace SharpVisor.Console;

/// <summary>
/// The line that is being typed: Emacs keys and cursor keys, history with search, sideways scrolling of what is longer
/// than the terminal is wide.
/// </summary>
internal sealed class LineEditor
{
    /// <summary>Longest line in bytes.</summary>
    internal const int Capacity = 256;

    private const int LongestPattern = 32;
    private const int NotSearching = -1;

    private readonly KeyDecoder _keys = new();
    private readonly History _history;
    private readonly LineView _view = new();
    private readonly byte[] _text = new byte[Capacity];
    private readonly byte[] _cut = new byte[Capacity];
    private readonly byte[] _draft = new byte[Capacity]; // what was typed before the history was looked at
    private readonly byte[] _pattern = new byte[LongestPattern];
    private int _length;
    private int _cursor;
    private int _cutLength;
    private int _draftLength;
    private int _patternLength;
    private int _first; // first byte in view
    private int _age = -1; // of the history's line that is shown; -1 for the draft
    private int _searchAge = NotSearching;
    private bool _isSearching;
    private bool _needsBell;

    internal LineEditor(History history) => _history = history;

    /// <summary>The line.</summary>
    internal ReadOnlySpan<byte> Text => new(_text, 0, _length);

    /// <summary>Where the cursor stands, in bytes.</summary>
    internal int Cursor => _cursor;

    /// <summary>Whether the terminal has shown that it knows sequences.</summary>
    internal bool KnowsSequences => _keys.HasSeenSequence;

    private static ReadOnlySpan<byte> Prompt => "hv> "u8;

    /// <summary>Takes a byte that was typed. What stands on the terminal is for <see cref="Show"/>.</summary>
    internal EditAction Feed(byte value)
    {
        _needsBell = false;
        Key key = _keys.Decode(value);
        if (_isSearching && SearchOn(key))
        {
            return EditAction.None;
        }

        switch (key)
        {
            case Key.Text:
                TryInsert(_keys.Text);
                break;
            case Key.Enter:
                return EditAction.Submit;
            case Key.Tab:
                return EditAction.Complete;
            case Key.Console:
                return EditAction.ConsoleKey;
            case Key.Cancel:
                return EditAction.Fresh;
            case Key.Clear:
                return EditAction.Clear;
            case Key.DeleteOrEnd when _length == 0:
                return EditAction.Leave;
            case Key.Older:
                Recall(_age + 1);
                break;
            case Key.Newer:
                Recall(_age - 1);
                break;
            case Key.Search:
                BeginSearch();
                break;
            case Key.Unknown:
                _needsBell = true;
                break;
            default:
                Edit(key);
                break;
        }

        return EditAction.None;
    }

    /// <summary>Puts text in at the cursor. False, with nothing changed, where it does not fit.</summary>
    internal bool TryInsert(ReadOnlySpan<byte> text)
    {
        if (text.Length > Capacity - _length) // whole or not at all
        {
            _needsBell = true;
            return false;
        }

        _text.AsSpan(_cursor, _length - _cursor).CopyTo(_text.AsSpan(_cursor + text.Length));
        text.CopyTo(_text.AsSpan(_cursor));
        _length += text.Length;
        _cursor += text.Length;
        return true;
    }

    /// <summary>Begins with an empty line.</summary>
    internal void Reset()
    {
        _length = 0;
        _cursor = 0;
        _first = 0;
        _age = -1;
        _isSearching = false;
    }

    /// <summary>Rings the terminal's bell with the next <see cref="Show"/>.</summary>
    internal void Complain() => _needsBell = true;

    /// <summary>Brings the terminal's current line up to date.</summary>
    internal void Show(SerialLine line)
    {
        if (_needsBell)
        {
            line.Write(0x07);
            _needsBell = false;
        }

        _view.Begin();
        int room = LineView.Columns - 1;
        if (_isSearching)
        {
            _view.Add("search '"u8);
            _view.Add(new ReadOnlySpan<byte>(_pattern, 0, _patternLength));
            _view.Add("': "u8);
            room -= 11 + LineView.Width(new ReadOnlySpan<byte>(_pattern, 0, _patternLength));
        }
        else
        {
            _view.Add(Prompt);
            room -= Prompt.Length;
        }

        Scroll(room);
        int last = _first;
        for (int columns = 0; last < _length; last++)
        {
            columns += LineView.IsStart(_text[last]) ? 1 : 0;
            if (columns > room)
            {
                break;
            }
        }

        _view.Add(new ReadOnlySpan<byte>(_text, _first, _cursor - _first));
        _view.PlaceCursor();
        _view.Add(new ReadOnlySpan<byte>(_text, _cursor, last - _cursor));
        _view.End(line);
    }

    /// <summary>Takes the line off the terminal.</summary>
    internal void Hide(SerialLine line) => _view.Erase(line);

    /// <summary>Leaves the line on the terminal and goes to the next one.</summary>
    internal void Finish(SerialLine line)
    {
        _isSearching = false;
        _cursor = _length;
        Show(line);
        LineView.Send(line, "\r\n"u8);
        _view.Forget();
    }

    private void Edit(Key key)
    {
        switch (key)
        {
            case Key.Left:
                _cursor = Before(_cursor);
                break;
            case Key.Right:
                _cursor = After(_cursor);
                break;
            case Key.Home:
                _cursor = 0;
                break;
            case Key.End:
                _cursor = _length;
                break;
            case Key.WordLeft:
                _cursor = WordBefore(_cursor);
                break;
            case Key.WordRight:
                _cursor = WordAfter(_cursor);
                break;
            case Key.Backspace:
                Remove(Before(_cursor), _cursor);
                break;
            case Key.Delete:
            case Key.DeleteOrEnd:
                Remove(_cursor, After(_cursor));
                break;
            case Key.CutToEnd:
                Cut(_cursor, _length);
                break;
            case Key.CutToStart:
                Cut(0, _cursor);
                break;
            case Key.CutWordLeft:
                Cut(WordBefore(_cursor), _cursor);
                break;
            case Key.CutWordRight:
                Cut(_cursor, WordAfter(_cursor));
                break;
            case Key.Paste:
                TryInsert(new ReadOnlySpan<byte>(_cut, 0, _cutLength));
                break;
            case Key.Swap:
                Swap();
                break;
        }
    }

    private void Cut(int from, int to)
    {
        if (from != to)
        {
            new ReadOnlySpan<byte>(_text, from, to - from).CopyTo(_cut);
            _cutLength = to - from;
            Remove(from, to);
        }
    }

    private void Remove(int from, int to)
    {
        _text.AsSpan(to, _length - to).CopyTo(_text.AsSpan(from));
        _length -= to - from;
        _cursor = from;
    }

    // The character left of the cursor goes to the right of the next one; at the end, the last two.
    private void Swap()
    {
        int middle = _cursor == _length ? Before(_cursor) : _cursor;
        int start = Before(middle);
        int end = After(middle);
        if (start == middle || end == middle)
        {
            _needsBell = true;
            return;
        }

        int left = middle - start;
        int right = end - middle;
        Span<byte> moved = stackalloc byte[Capacity];
        new ReadOnlySpan<byte>(_text, start, left).CopyTo(moved);
        _text.AsSpan(middle, right).CopyTo(_text.AsSpan(start));
        ((ReadOnlySpan<byte>)moved.Slice(0, left)).CopyTo(_text.AsSpan(start + right));
        _cursor = end;
    }

    private int Before(int place)
    {
        do
        {
            place--;
        }
        while (place > 0 && !LineView.IsStart(_text[place]));
        return Math.Max(place, 0);
    }

    private int After(int place)
    {
        do
        {
            place++;
        }
        while (place < _length && !LineView.IsStart(_text[place]));
        return Math.Min(place, _length);
    }

    private int WordBefore(int place)
    {
        while (place > 0 && _text[place - 1] == ' ')
        {
            place--;
        }

        while (place > 0 && _text[place - 1] != ' ')
        {
            place--;
        }

        return place;
    }

    private int WordAfter(int place)
    {
        while (place < _length && _text[place] == ' ')
        {
            place++;
        }

        while (place < _length && _text[place] != ' ')
        {
            place++;
        }

        return place;
    }

    private void Recall(int age)
    {
        if (age < -1 || age >= _history.Count)
        {
            _needsBell = true;
            return;
        }

        if (_age == -1)
        {
            Text.CopyTo(_draft);
            _draftLength = _length;
        }

        _age = age;
        Replace(age == -1 ? new ReadOnlySpan<byte>(_draft, 0, _draftLength) : _history[age]);
    }

    private void Replace(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_text);
        _length = text.Length;
        _cursor = _length;
        _first = 0;
    }

    private void BeginSearch()
    {
        Text.CopyTo(_draft);
        _draftLength = _length;
        _patternLength = 0;
        _searchAge = NotSearching;
        _isSearching = true;
    }

    /// <summary>A key while the history is searched. False where it ends the search and is to be taken as usual.</summary>
    private bool SearchOn(Key key)
    {
        switch (key)
        {
            case Key.None:
                return true;
            case Key.Text when _patternLength + _keys.Text.Length <= LongestPattern:
                _keys.Text.CopyTo(_pattern.AsSpan(_patternLength));
                _patternLength += _keys.Text.Length;
                Find(Math.Max(_searchAge, 0));
                return true;
            case Key.Text:
                _needsBell = true;
                return true;
            case Key.Backspace:
                while (_patternLength > 0 && !LineView.IsStart(_pattern[--_patternLength]))
                {
                }

                Find(0);
                return true;
            case Key.Search:
                Find(_searchAge + 1);
                return true;
            case Key.Cancel:
                _isSearching = false;
                Replace(new ReadOnlySpan<byte>(_draft, 0, _draftLength));
                return true;
            default:
                _isSearching = false;
                return false;
        }
    }

    private void Find(int age)
    {
        int found = _patternLength == 0 ? -1 : _history.Find(new ReadOnlySpan<byte>(_pattern, 0, _patternLength), age);
        if (found < 0)
        {
            _needsBell = true;
            return;
        }

        _searchAge = found;
        _age = found;
        Replace(_history[found]);
    }

    /// <summary>Moves the view so that the cursor is in it, by half of its width at a time.</summary>
    private void Scroll(int room)
    {
        if (_cursor < _first)
        {
            _first = _cursor;
            for (int i = 0; i < room / 2 && _first > 0; i++)
            {
                _first = Before(_first);
            }
        }

        _first = Math.Min(_first, _length);
        while (LineView.Width(new ReadOnlySpan<byte>(_text, _first, _cursor - _first)) > room)
        {
            for (int i = 0; i < room / 2; i++)
            {
                _first = After(_first);
            }
        }
    }
}
