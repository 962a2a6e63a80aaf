"""Rules: which messages they are for, what they count, the states they move, and what they say."""

from __future__ import annotations

from smppkit.status import CommandStatus as S
from smppkit.tlvs import Tlv
from tests.smsc.behaviours.table import shows
from tests.smsc.behaviours.world import World


@shows("rules")
def rule_by_prefix_and_regex(world: World) -> None:
    esme = world.bound()
    to = ["77051", "77060", "77064", "77065", "+77059", "1"]
    refused, fine = S.ESME_RINVDSTADR, S.ESME_ROK
    sent = [esme.submit(number) for number in to]
    assert esme.statuses(sent) == [refused, refused, refused, fine, refused, fine]
    assert esme.status(esme.submit("77051", source_addr="BANK")) == fine


@shows("rules")
def rule_by_tlv_value(world: World) -> None:
    esme = world.bound()
    values = [b"1101555\0", b"1101", b"1201555\0"]
    sent = [esme.submit(tlvs=(Tlv(0x1400, value),)) for value in values]
    assert esme.statuses([*sent, esme.submit()]) == [0x45C, 0x45C, 0, 0]


@shows("rules")
def rule_third_message_to_a_number(world: World) -> None:
    esme = world.bound()
    sent = [esme.submit(number) for number in ("1", "1", "2", "1", "2", "1")]
    assert esme.statuses(sent) == [0, 0, 0, 0x432, 0, 0x432]


@shows("rules")
def rule_every_tenth(world: World) -> None:
    esme = world.bound()
    sent = esme.submits(25)
    assert [index for index, sequence in enumerate(sent, 1) if not esme.answers(sequence)] == [10, 20]


@shows("rules")
def rule_while_too_fast(world: World) -> None:
    esme = world.bound()
    sent = [esme.submit(number) for number in ("1", "1", "1", "2")]
    world.run(2)
    sent.append(esme.submit("1"))
    assert esme.statuses(sent) == [0, 0, S.ESME_RTHROTTLED, 0, 0]


@shows("rules")
def rule_for_a_while(world: World) -> None:
    esme = world.bound()
    sent = []
    for moment in (0, 59, 60, 89, 90):
        world.until(moment)
        sent.append(esme.submit())
    assert esme.statuses(sent) == [0, 0, S.ESME_RSYSERR, S.ESME_RSYSERR, 0]


@shows("rules")
def states_of_a_login(world: World) -> None:
    esme = world.bound()
    sent = [esme.submit("1", text) for text in ("code 1", "code 2", "welcome", "code 3")]
    other = esme.submit("2", "code 9")
    assert esme.statuses([*sent, other]) == [0, S.ESME_RTHROTTLED, 0, 0, 0]


@shows("templates")
def template_of_an_id(world: World) -> None:
    esme = world.bound()
    plain, order, another = esme.submit(), esme.submit(text="order 4711"), esme.submit(text="order 4712")
    assert esme.body(plain) == b"shop-10000001-1\0"
    assert (esme.body(order), esme.body(another)) == (b"4711/1\0", b"4712/2\0")
    world.run(1.1)
    assert [receipt.message_id for receipt in esme.receipts] == ["shop-10000001-1", "4711/1", "4712/2"]


@shows("templates")
def template_of_a_receipt(world: World) -> None:
    esme = world.bound()
    esme.submit(tlvs=(Tlv(0x1400, b"A-1\0"),))
    esme.submit("77051", "code 4711")
    world.run(1.1)
    assert [pdu.short_message for pdu in esme.deliveries] == [
        b"id:10000001 stat:DELIVRD from:SHOP ref:A-1 account:shop",
        b"id:10000002 stat:DELIVRD code:4711 to:77051",
    ]


@shows("templates")
def template_of_an_error(world: World) -> None:
    esme = world.bound()
    sent = esme.submit("77051")
    assert esme.status(sent) == S.ESME_RSUBMITFAIL
    assert esme.body(sent) == b"\x00\x1d\x00\x1cshop has no credit for 7705\0"


@shows("templates")
def reply_of_a_rule(world: World) -> None:
    esme = world.bound()
    esme.submit("77051", "code 4711", registered_delivery=0)
    esme.submit("77052", "code 4712", registered_delivery=0)
    esme.submit("77053", "hello you", registered_delivery=0)
    world.run(10)
    said = [
        (pdu.source_addr, pdu.short_message, heard.at)
        for heard in esme.heard
        for pdu in [heard.pdu]
        if pdu in esme.deliveries
    ]
    assert said == [
        ("77053", b"hello from 77053, you", 2.0),
        ("77051", b"0000", 3.0),
        ("77052", b"4712", 4.0),
    ]


@shows("files")
def made_of_two_files(world: World) -> None:
    esme = world.bound()
    blocked, other = esme.submit("77051"), esme.submit("77061")
    assert esme.status(blocked) == S.ESME_RINVDSTADR
    assert esme.body(other) == b"B-989681\0"
    assert world.dial().bind("bank") != 0
