"""Every check against the emulator: C01-3.4 is check 1 by a peer of SMPP 3.4."""

from __future__ import annotations

import pytest

from carrierlab.conformance import octets as o
from carrierlab.conformance.catalogue import BY_NUMBER, CHECKS
from carrierlab.conformance.check import V33, V34, V50, VERSION_NAMES, Check, Choice, Failed, Passed
from carrierlab.conformance.peer import Peer
from carrierlab.conformance.showing import shown
from carrierlab.wires import Conditions
from smppkit.sequence import LAST, SequenceNumbers
from smppkit.states import Version
from smsc.app import Emulator
from tests.conformance.emulated import judged, played

CASES = [
    pytest.param(check, version, id=f"{check.id}-{VERSION_NAMES[version]}")
    for check in CHECKS
    if not check.esme
    for version in check.versions
]


@pytest.mark.parametrize(("check", "version"), CASES)
def test_the_emulator_conforms(check: Check, version: Version) -> None:
    verdict = judged(check, version)
    if isinstance(verdict, Failed):
        seen = "\n".join(["sent:", *shown(verdict.sent), "seen:", *shown(verdict.seen)])
        pytest.fail(f"{check.title}: {verdict.reason}\n{seen}", pytrace=False)
    if isinstance(verdict, Choice):
        assert verdict.does == check.ours(version)
    else:
        assert isinstance(verdict, Passed), verdict


@pytest.mark.parametrize(
    ("number", "version", "does"),
    [
        (20, V33, "0x0E, 0x0F"),
        (20, V34, "0x0E, 0x0F"),
        (35, V34, "0x14"),
        (54, V34, "accepted"),
        (60, V34, "0x62"),
        (78, V33, "none"),
        (78, V34, "none"),
        (78, V50, "sends it"),
    ],
)
def test_choices_can_be_made_otherwise(number: int, version: Version, does: str) -> None:
    assert judged(BY_NUMBER[number], version, "otherwise") == Choice(does)


@pytest.mark.parametrize(("check", "version"), [case for case in CASES if "-3.4" in str(case.id)])
def test_the_emulator_conforms_over_a_wire_that_cuts_and_glues(check: Check, version: Version) -> None:
    verdict = judged(check, version, conditions=Conditions())
    assert isinstance(verdict, Passed | Choice), verdict


@pytest.mark.parametrize(("bound", "cap"), [(False, 1024), (True, 70 * 1024)])
def test_c02_the_caps(bound: bool, cap: int) -> None:
    async def claims(peer: Peer, length: int) -> str:
        other = await peer.another()
        if bound:
            await other.bind()
        return await other.outcome(o.pdu(o.DATA_SM, 7, length=length))

    async def both(peer: Peer, _: Emulator) -> list[str]:
        return [await claims(peer, cap), await claims(peer, cap + 1)]

    assert played(both, V34) == ["no answer", "generic_nack 0x02"]


def test_c08_its_own_sequence_numbers_go_on_at_1() -> None:
    async def receipts(peer: Peer, emulator: Emulator) -> list[int]:
        await peer.bind()
        (connection,) = emulator.operators["patient"].connections.values()
        connection.link.session._sequence = SequenceNumbers(LAST)
        ids = [await peer.submitted(registered_delivery=1) for _ in range(2)]
        return [(await peer.receipt(message_id)).sequence for message_id in ids]

    assert played(receipts, V34) == [LAST, 1]
