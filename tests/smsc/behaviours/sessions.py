"""Who may bind, how long a session lives, and what the operator does to it."""

from __future__ import annotations

import pytest

from smppkit.codec import encode
from smppkit.pdus import DeliverSm, EnquireLink, Outbind, SubmitSmResp, Unbind
from smppkit.tlvs import CONGESTION_STATE
from tests.smsc.behaviours.table import shows
from tests.smsc.behaviours.world import Esme, World

ALREADY_BOUND, BIND_FAILED, WRONG_PASSWORD, WRONG_SYSTEM_ID, WRONG_COMMAND = 0x05, 0x0D, 0x0E, 0x0F, 0x03
DROPPED = -1


def closed_at(esme: Esme) -> float | None:
    return None if esme.ended is None else esme.ended[0]


# --- binds --------------------------------------------------------------------------------------------


@shows("bind limits")
def bind_limit_per_system_id(world: World) -> None:
    first, _ = world.bound(), world.bound()
    assert world.dial().bind() == ALREADY_BOUND
    first.send(Unbind())
    assert world.dial().bind() == 0


@shows("bind limits")
def bind_limit_per_address(world: World) -> None:
    for system_id in ("one", "two", "three"):
        assert world.dial(host="10.0.0.1").bind(system_id) == 0
    assert world.dial(host="10.0.0.1").bind("four") == BIND_FAILED
    assert world.dial(host="10.0.0.2").bind("four") == 0


@shows("bind limits")
def bind_limit_invalid_password(world: World) -> None:
    world.bound()
    assert world.dial().bind() == WRONG_PASSWORD


@shows("bind limits")
def bind_limit_dropped(world: World) -> None:
    world.bound()
    second = world.dial()
    assert second.bind() == DROPPED
    assert (second.octets, second.ended) == (b"", (0.0, "ConnectionDone"))


@shows("bind limits")
def ghost_session(world: World) -> None:
    esme = world.bound()
    world.until(10)
    esme.transport.abortConnection()
    for moment in (11, 60, 129):
        world.until(moment)
        assert world.dial().bind() == ALREADY_BOUND
    world.until(130.1)
    again = world.bound()
    again.send(Unbind())  # who takes leave leaves no ghost
    assert world.dial().bind() == 0


@shows("credentials")
def credentials_bind_failed(world: World) -> None:
    assert [world.dial().bind(*wrong) for wrong in (("shop", "wrong"), ("other", "secret"))] == [BIND_FAILED] * 2


@shows("credentials")
def credentials_told_apart(world: World) -> None:
    assert world.dial().bind("shop", "wrong") == WRONG_PASSWORD
    assert world.dial().bind("other") == WRONG_SYSTEM_ID


@shows("credentials")
def credentials_invalid_command(world: World) -> None:
    assert [world.dial().bind(*wrong) for wrong in (("shop", "wrong"), ("other", "secret"))] == [WRONG_COMMAND] * 2


@shows("credentials")
def address_refused(world: World) -> None:
    assert world.dial(host="192.168.1.1").bind() == BIND_FAILED
    assert world.dial(host="10.2.3.4").bind() == 0


@shows("credentials")
def address_dropped(world: World) -> None:
    stranger = world.dial(host="192.168.1.1")
    assert (stranger.octets, closed_at(stranger)) == (b"", 0.0)
    assert world.dial(host="10.2.3.4").bind() == 0


@shows("credentials")
def address_of_the_account(world: World) -> None:
    assert world.dial(host="10.2.0.1").bind() == BIND_FAILED
    assert world.dial(host="10.1.0.1").bind() == 0


# --- timers -------------------------------------------------------------------------------------------


@shows("timers")
def session_init_timer(world: World) -> None:
    silent, bound = world.dial(), world.bound()
    world.until(4.9)
    assert silent.ended is None
    world.until(5.1)
    assert closed_at(silent) == pytest.approx(5)
    assert bound.ended is None


@shows("timers")
def enquire_link_timer(world: World) -> None:
    polite, rude = world.bound(), world.bound()
    rude.polite = False
    world.until(60)
    assert rude.when(EnquireLink) == pytest.approx([10])
    assert closed_at(rude) == pytest.approx(15)
    assert polite.when(EnquireLink) == pytest.approx([10, 20, 30, 40, 50, 60])
    assert polite.ended is None


def keep_alive(esme: Esme, until: float, every: float) -> None:
    """Enquire all the time."""
    while esme.ended is None and esme.world.now < until - 1e-6:
        esme.send(EnquireLink())
        esme.world.run(every)


@shows("timers")
def inactivity_timer(world: World) -> None:
    esme = world.bound()
    keep_alive(esme, 25, 5)
    esme.submit(registered_delivery=0)
    keep_alive(esme, 54, 1)
    assert esme.of(Unbind) == []
    keep_alive(esme, 60, 1)
    assert esme.when(Unbind) == pytest.approx([55])
    assert closed_at(esme) == pytest.approx(55)


@shows("timers")
def idle_30s_dropped(world: World) -> None:
    esme = world.bound()
    keep_alive(esme, 40, 10)
    assert closed_at(esme) == pytest.approx(30)
    assert esme.of(Unbind) == []


def dropped_when_silent(world: World, silence: float) -> None:
    quiet, alive = world.bound(), world.bound()
    keep_alive(alive, 2 * silence, silence / 2)
    assert closed_at(quiet) == pytest.approx(silence)
    assert (quiet.of(Unbind), quiet.of(EnquireLink), alive.ended) == ([], [], None)


@shows("timers")
def idle_60s_dropped(world: World) -> None:
    dropped_when_silent(world, 60)


@shows("timers")
def idle_5m_dropped(world: World) -> None:
    dropped_when_silent(world, 300)


@shows("timers")
def response_timer(world: World) -> None:
    esme = world.bound()
    esme.acknowledge = lambda pdu: None if len(esme.deliveries) == 1 else 0
    esme.submit()
    world.until(30)
    first, second = esme.when(DeliverSm)
    assert second - first == pytest.approx(10, abs=0.01)
    assert esme.deliveries[0].short_message == esme.deliveries[1].short_message


# --- the operator's own moves ---------------------------------------------------------------------------


@shows("SMSC-side unbind, outbind")
def unbind_in_the_window(world: World) -> None:
    esme = world.bound()
    esme.polite = False
    sequences = esme.submits(10, registered_delivery=0)
    world.until(0.6)
    assert esme.when(Unbind) == [0.5]
    assert not any(esme.answers(sequence) for sequence in sequences)
    late = esme.submit(registered_delivery=0)
    world.until(1.1)
    assert esme.statuses(sequences) == [0] * 10
    assert esme.ended is None
    esme.say(encode(esme.of(Unbind)[0].response()))
    assert closed_at(esme) == pytest.approx(1.1)
    assert esme.answers(late) == []


@shows("SMSC-side unbind, outbind")
def unbind_after_the_window(world: World) -> None:
    esme = world.bound()
    sequences = esme.submits(10, registered_delivery=0)
    world.until(1.1)
    assert esme.statuses(sequences) == [0] * 10
    (said,) = esme.when(Unbind)
    assert said == esme.answer(sequences[-1]).at > 0.9
    assert closed_at(esme) == said


@shows("SMSC-side unbind, outbind")
def outbind_in_the_window(world: World) -> None:
    listener = world.listener(2780)
    transmitter = world.bound(kind="transmitter")
    sequences = transmitter.submits(10)
    world.until(0.6)
    (called,) = listener.called
    (outbind,) = called.of(Outbind)
    assert (outbind.system_id, outbind.password) == ("SMSC1", "secret")
    assert called.bind(kind="receiver") == 0
    world.until(1.1)
    assert transmitter.statuses(sequences) == [0] * 10
    world.until(2.1)
    assert (len(called.receipts), len(transmitter.receipts)) == (10, 0)


@shows("SMSC-side unbind, outbind")
def outbind_when_something_is_due(world: World) -> None:
    listener = world.listener(2780)
    transmitter = world.bound(kind="transmitter")
    transmitter.submit()
    world.until(0.9)
    assert listener.called == []
    world.until(2)
    (called,) = listener.called
    assert called.bind(kind="receiver") == 0
    assert [receipt.stat for receipt in called.receipts] == ["DELIVRD"]


# --- congestion -----------------------------------------------------------------------------------------


def congestion(world: World, esme: Esme, rate: int, seconds: int) -> int:
    """Submit so many a second for so long; the last congestion_state."""
    for _ in range(seconds * rate):
        esme.submit(registered_delivery=0)
        world.run(1 / rate)
    found = esme.of(SubmitSmResp)[-1].tlv(CONGESTION_STATE)
    assert found is not None
    return found


@shows("congestion")
def congestion_over_the_load(world: World) -> None:
    esme = world.bound(interface_version=0x50)
    idle = congestion(world, esme, 1, 10)
    optimum = congestion(world, esme, 100, 10)
    nearing = congestion(world, esme, 110, 10)
    congested = congestion(world, esme, 200, 5)
    assert idle <= 2
    assert 80 <= optimum <= 89
    assert 90 <= nearing <= 99
    assert congested == 100
    world.run(30)
    assert congestion(world, esme, 1, 1) <= 2
    old = world.bound(interface_version=0x34)
    assert old.answer(old.submit()).pdu.tlvs == ()


@shows("congestion")
def congestion_idle(world: World) -> None:
    assert congestion(world, world.bound(interface_version=0x50), 100, 2) == 0


@shows("congestion")
def congestion_nearing(world: World) -> None:
    assert congestion(world, world.bound(interface_version=0x50), 1, 1) == 95
