"""Cell broadcasts of SMPP 5.0 (C79)."""

from __future__ import annotations

from typing import Any

import pytest

from smppkit.message_state import MessageState as M
from smppkit.pdus import BroadcastSm, CancelBroadcastSm, Pdu, QueryBroadcastSm
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role
from smppkit.status import CommandStatus as S
from smppkit.tlvs import (
    BROADCAST_AREA_IDENTIFIER,
    BROADCAST_AREA_SUCCESS,
    BROADCAST_CONTENT_TYPE,
    BROADCAST_FREQUENCY_INTERVAL,
    BROADCAST_REP_NUM,
    MESSAGE_PAYLOAD,
    MESSAGE_STATE,
    USER_MESSAGE_REFERENCE,
)
from smsc.centre import broadcasts
from tests.smsc.conftest import Esme, Lab

ANYBODY = 'operators: {op: {listen: "tcp:2775"}}'
AREAS = (b"\x00Almaty", b"\x00Astana")


class Caster:
    """An ESME of SMPP 5.0 that broadcasts."""

    def __init__(self, lab: Lab, system_id: str = "shop") -> None:
        self.lab = lab
        self.esme: Esme = lab.esme()
        self.esme.session = Session(Role.ESME, SessionConfig(enquire_link_interval=None, interface_version=0x50), 0.0)
        assert self.esme.bind(system_id, interface_version=0x50) == 0

    def ask(self, pdu: Pdu) -> Any:
        self.esme.heard.clear()
        self.esme.send(pdu)
        self.lab.settle()
        (answer,) = self.esme.responses
        return answer

    def broadcast(self, *, times: int = 3, seconds: int = 10, reference: int | None = None, **more: Any) -> Any:
        tlvs = (
            *(BROADCAST_AREA_IDENTIFIER.of(area) for area in AREAS),
            BROADCAST_CONTENT_TYPE.of(b"\x00\x00\x10"),
            BROADCAST_REP_NUM.of(times),
            BROADCAST_FREQUENCY_INTERVAL.of(b"\x08" + seconds.to_bytes(2, "big")),
            MESSAGE_PAYLOAD.of(b"storm"),
        )
        if reference is not None:
            tlvs = (*tlvs, USER_MESSAGE_REFERENCE.of(reference))
        return self.ask(BroadcastSm(source_addr="MET", tlvs=tlvs, **more))

    def state(self, message_id: str) -> tuple[int | None, list[int]]:
        answer = self.ask(QueryBroadcastSm(message_id=message_id, source_addr="MET"))
        assert answer.command_status == 0
        reached = [tlv.value[0] for tlv in answer.tlvs if tlv.tag == BROADCAST_AREA_SUCCESS.number]
        assert [tlv.value for tlv in answer.tlvs if tlv.tag == BROADCAST_AREA_IDENTIFIER.number] == list(AREAS)
        return answer.tlv(MESSAGE_STATE), reached


@pytest.fixture
def caster(lab: Lab) -> Caster:
    return Caster(lab.start(ANYBODY))


def test_a_broadcast_is_repeated_and_then_over(lab: Lab, caster: Caster) -> None:
    """C79."""
    message_id = caster.broadcast().message_id
    assert caster.state(message_id) == (M.ENROUTE, [33, 33])
    lab.run(10.1, step=1)
    assert caster.state(message_id) == (M.ENROUTE, [66, 66])
    lab.run(20, step=1)
    assert caster.state(message_id) == (M.DELIVERED, [100, 100])
    assert (lab.stats.submitted, lab.stats.accepted) == (1, 1)


def test_a_scheduled_broadcast_waits_and_a_short_validity_ends_it(lab: Lab, caster: Caster) -> None:
    message_id = caster.broadcast(
        schedule_delivery_time="000000000010000R", validity_period="000000000025000R"
    ).message_id
    assert caster.state(message_id) == (M.SCHEDULED, [0, 0])
    lab.run(11, step=1)
    assert caster.state(message_id)[0] == M.ENROUTE
    lab.run(15, step=1)
    assert caster.state(message_id) == (M.EXPIRED, [66, 66])


def test_it_is_repeated_as_often_as_its_validity_has_room_when_no_number_is_asked(lab: Lab, caster: Caster) -> None:
    message_id = caster.broadcast(times=0, validity_period="000000000100000R").message_id
    lab.run(30, step=1)
    assert caster.state(message_id) == (M.ENROUTE, [57, 57])


def test_a_broadcast_is_cancelled_once_by_its_id(caster: Caster) -> None:
    message_id = caster.broadcast().message_id
    cancel = CancelBroadcastSm(message_id=message_id, source_addr="MET")
    stranger = CancelBroadcastSm(message_id=message_id, source_addr="BANK")
    assert caster.ask(stranger).command_status == S.ESME_RBCASTCANCELFAIL
    assert caster.ask(cancel).command_status == 0
    assert caster.state(message_id)[0] == M.DELETED
    assert caster.ask(cancel).command_status == S.ESME_RBCASTCANCELFAIL


def test_broadcasts_are_cancelled_by_what_they_have_in_common(caster: Caster) -> None:
    ids = [caster.broadcast(service_type=kind).message_id for kind in ("CBS", "CBS", "")]
    assert caster.ask(CancelBroadcastSm(service_type="CBS", source_addr="MET")).command_status == 0
    assert [caster.state(message_id)[0] for message_id in ids] == [M.DELETED, M.DELETED, M.ENROUTE]
    other = CancelBroadcastSm(source_addr="MET", tlvs=(BROADCAST_CONTENT_TYPE.of(b"\x00\x00\x11"),))
    assert caster.ask(other).command_status == S.ESME_RBCASTCANCELFAIL


def test_one_takes_the_place_of_another(lab: Lab, caster: Caster) -> None:
    message_id = caster.broadcast().message_id
    lab.run(10.1, step=1)
    for more in ({"message_id": message_id}, {"replace_if_present_flag": 1}):
        assert caster.broadcast(**more).message_id == message_id
        assert caster.state(message_id) == (M.ENROUTE, [33, 33])
    assert caster.broadcast(message_id="77").command_status == S.ESME_RINVMSGID
    assert lab.stats.book.replaced == 2


def test_a_broadcast_is_found_by_its_reference(caster: Caster) -> None:
    message_id = caster.broadcast(reference=513).message_id
    answer = caster.ask(QueryBroadcastSm(source_addr="MET", tlvs=(USER_MESSAGE_REFERENCE.of(513),)))
    assert (answer.message_id, answer.tlv(USER_MESSAGE_REFERENCE)) == (message_id, 513)
    for unknown in (QueryBroadcastSm(message_id="77", source_addr="MET"), QueryBroadcastSm(source_addr="MET")):
        assert caster.ask(unknown).command_status == S.ESME_RBCASTQUERYFAIL


def test_another_account_knows_nothing_of_it(lab: Lab, caster: Caster) -> None:
    message_id = caster.broadcast().message_id
    other = Caster(lab, "other")
    query = QueryBroadcastSm(message_id=message_id, source_addr="MET")
    assert other.ask(query).command_status == S.ESME_RBCASTQUERYFAIL
    assert caster.ask(query).command_status == 0


def test_an_operator_may_take_none(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", broadcast: false}}')
    assert Caster(lab).broadcast().command_status == S.ESME_RBCASTFAIL


def test_broadcasts_are_bounded_and_forgotten(lab: Lab, caster: Caster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasts, "MOST_KEPT", 2)
    ids = [caster.broadcast().message_id for _ in range(3)]
    gone = QueryBroadcastSm(message_id=ids[0], source_addr="MET")
    assert caster.ask(gone).command_status == S.ESME_RBCASTQUERYFAIL
    assert caster.state(ids[1])[0] == M.ENROUTE
    lab.emulator.operators["op"].centre.forget()
    assert (lab.stats.book.evicted, lab.stats.book.forgotten) == (1, 2)
    assert caster.ask(QueryBroadcastSm(message_id=ids[2], source_addr="MET")).command_status == S.ESME_RBCASTQUERYFAIL


@pytest.mark.parametrize(
    ("areas", "status"),
    [(broadcasts.MOST_AREAS, S.ESME_ROK), (broadcasts.MOST_AREAS + 1, S.ESME_RINVNUMBCAST_AREAS)],
)
def test_a_broadcast_has_no_more_areas_than_a_response_has_room_for(caster: Caster, areas: int, status: int) -> None:
    """C79."""
    tlvs = (
        *[BROADCAST_AREA_IDENTIFIER.of(b"\x00Almaty")] * areas,
        BROADCAST_CONTENT_TYPE.of(b"\x00\x00\x10"),
        BROADCAST_REP_NUM.of(1),
        BROADCAST_FREQUENCY_INTERVAL.of(b"\x08\x00\x01"),
    )
    taken = caster.ask(BroadcastSm(source_addr="MET", tlvs=tlvs))
    assert taken.command_status == status
    if not status:
        answer = caster.ask(QueryBroadcastSm(message_id=taken.message_id, source_addr="MET"))
        told = [tlv for tlv in answer.tlvs if tlv.tag == BROADCAST_AREA_IDENTIFIER.number]
        assert (answer.command_status, len(told)) == (0, areas)
