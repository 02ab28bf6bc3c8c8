using ActorSync.Journal;
using ActorSync.Simulation.Worlds;
using ActorSync.TestKit;
using ActorSync.TestKit.Hubs;

namespace ActorSync.Simulation.Judging;

/// <summary>I11: when everything has healed, the hub's replica and every device's are one, within a minute.</summary>
internal sealed class DigestJudge(World world, FakeHub hub, IReadOnlyList<Device> devices, Oracle oracle)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Dictionary<Device, string> _digests = [];
    private bool _news;

    public void Compare()
    {
        // What is not drained is a violation already.
        if (!devices.All(device => oracle.Held(device) is { Pending: 0, Parked: 0 }))
        {
            return;
        }

        Ask();
        if (world.RunUntil(AllEqual, Patience))
        {
            return;
        }

        var theirs = hub.Account.Merged().Digest;
        foreach (var device in devices)
        {
            if (!_digests.TryGetValue(device, out var digest))
            {
                oracle.Violated("digest", $"the journal of device {device.Index} does not answer");
            }
            else if (digest != theirs)
            {
                oracle.Violated("digest", $"that of device {device.Index} is {digest[..12]}, the hub's {theirs[..12]}");
            }
        }
    }

    // Asked after each message of the world: only a new answer is worth a look.
    private bool AllEqual()
    {
        var look = _news && _digests.Count == devices.Count;
        _news = false;
        return look && _digests.Values.Distinct(StringComparer.Ordinal).ToList() is [var one] && one == hub.Account.Merged().Digest;
    }

    private void Ask()
    {
        foreach (var device in devices)
        {
            device.AskJournal<JournalProtocol.ReplicaDigested>(
                static replyTo => new JournalProtocol.GetDigest(replyTo),
                answer => (_digests[device], _news) = (answer.Digest, true)
            );
        }

        world.At(TimeSpan.FromSeconds(2), Ask);
    }
}
