namespace ActorSync.Wire;

/// <summary>The deadlines of one call, on the platform's clock: connecting, sending, waiting for the first header, reading.</summary>
/// <remarks>
/// Sending and reading must make progress: at least <see cref="Progress"/> bytes within each idle time, so that neither a stopped nor a trickling
/// peer holds a lane for ever.
/// </remarks>
internal sealed class HubDeadline : IDisposable
{
    /// <summary>16 KiB.</summary>
    public const int Progress = 16 << 10;

    private readonly HttpSettings _settings;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _caller;
    private volatile string _code;
    private int _unreported;

    /// <param name="hasBody">A call without one says nothing between the connection and the answer.</param>
    public HubDeadline(HttpSettings settings, TimeProvider time, bool hasBody, CancellationToken caller)
    {
        _settings = settings;
        _code = hasBody ? "connect_timeout" : "response_timeout";

        // The transport bounds a connect by itself; here a call may also wait for a free connection.
        _source = new CancellationTokenSource(settings.ConnectTimeout + settings.ResponseTimeout, time);
        _caller = caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>The code of the deadline that ran out. Means something only when <see cref="Token"/> is cancelled and the caller's is not.</summary>
    public string Code => _code;

    /// <summary>The connection is there; the body goes out.</summary>
    public void Sending() => Enter("send_timeout", _settings.IdleTimeout);

    /// <summary>The last byte is out.</summary>
    public void Waiting() => Enter("response_timeout", _settings.ResponseTimeout);

    /// <summary>The headers are in.</summary>
    public void Reading() => Enter("idle_timeout", _settings.IdleTimeout);

    public void Moved(int bytes)
    {
        _unreported += bytes;
        if (_unreported >= Progress)
        {
            _unreported = 0;
            Arm(_settings.IdleTimeout);
        }
    }

    public void Dispose()
    {
        // Not Dispose: that would wait for a callback that is running, on whatever thread it has.
        _caller.Unregister();
        _source.Dispose();
    }

    private void Enter(string code, TimeSpan time)
    {
        _unreported = 0;
        _code = code;
        Arm(time);
    }

    private void Arm(TimeSpan time)
    {
        try
        {
            _source.CancelAfter(time);
        }
        catch (ObjectDisposedException)
        {
            // The answer came, and was read, before the body was sent whole.
        }
    }
}
