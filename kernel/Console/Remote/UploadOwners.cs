namespace SharpVisor.Console;

/// <summary>Which client sends which bundle, so that what one leaves unfinished is given up when it goes.</summary>
internal sealed class UploadOwners
{
    private const int MostUploads = 16;

    private readonly MachineControl _control;
    private readonly Owner[] _owners = new Owner[MostUploads];

    internal UploadOwners(MachineControl control) => _control = control;

    /// <summary>Begins an upload of a client's.</summary>
    internal ControlResult TryBegin(byte session, ulong length, out int upload)
    {
        upload = 0;
        for (int i = 0; i < MostUploads; i++)
        {
            if (!_owners[i].IsUsed)
            {
                ControlResult result = _control.TryBeginUpload(length, out upload);
                _owners[i].IsUsed = result.IsOk;
                _owners[i].Session = session;
                _owners[i].Upload = upload;
                return result;
            }
        }

        return ControlResult.Failed(ControlOutcome.NoRoom);
    }

    /// <summary>Whether an upload is a client's.</summary>
    internal bool Has(byte session, int upload) => Find(session, upload) >= 0;

    /// <summary>An upload is no more.</summary>
    internal void Remove(byte session, int upload)
    {
        int place = Find(session, upload);
        if (place >= 0)
        {
            _owners[place].IsUsed = false;
        }
    }

    /// <summary>Gives up what a client has not finished.</summary>
    internal void AbortAll(byte session)
    {
        for (int i = 0; i < MostUploads; i++)
        {
            if (_owners[i].IsUsed && _owners[i].Session == session)
            {
                _owners[i].IsUsed = false;
                _control.AbortUpload(_owners[i].Upload);
            }
        }
    }

    /// <summary>Gives up what nobody has finished.</summary>
    internal void AbortAll()
    {
        for (int i = 0; i < MostUploads; i++)
        {
            if (_owners[i].IsUsed)
            {
                _owners[i].IsUsed = false;
                _control.AbortUpload(_owners[i].Upload);
            }
        }
    }

    private int Find(byte session, int upload)
    {
        for (int i = 0; i < MostUploads; i++)
        {
            if (_owners[i].IsUsed && _owners[i].Session == session && _owners[i].Upload == upload)
            {
                return i;
            }
        }

        return -1;
    }

    private struct Owner
    {
        internal bool IsUsed;
        internal byte Session;
        internal int Upload;
    }
}
