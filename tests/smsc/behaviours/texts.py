"""What data_coding 0 means, who may be the sender, and what a text may say."""

from __future__ import annotations

from smppkit.gsm0338 import encode_gsm7, pack_septets, unpack_septets
from smppkit.status import CommandStatus as S
from tests.smsc.behaviours.table import shows
from tests.smsc.behaviours.world import Esme, World

WORDS = "a@b_c £5"


def read_as(world: World, text: str, octets: bytes, *others: bytes) -> Esme:
    """The rule, the list and the receipt read `text` out of `octets` alone, and a subscriber's text is these octets."""
    esme = world.bound()
    for sent in (octets, *others):
        esme.submit(text=sent)
    world.run(1.1)
    assert world.texts(from_="SHOP")[0] == text
    receipts = [delivery.short_message.decode("utf-16-be") for delivery in esme.deliveries]
    assert ["stat:REJECTD" in receipt for receipt in receipts] == [True] + [False] * len(others)
    assert receipts[0].endswith(f"Text:{text}")
    world.until(3.1)
    mo = esme.deliveries[-1]
    assert (mo.source_addr, mo.data_coding, mo.short_message) == ("77010000001", 0, octets)
    assert world.texts(from_="77010000001") == [text]
    return esme


GSM, LATIN1 = encode_gsm7(WORDS), WORDS.encode("latin-1")
assert GSM != LATIN1


@shows("default alphabet")
def alphabet_gsm7(world: World) -> None:
    read_as(world, WORDS, GSM, LATIN1, pack_septets(GSM))


@shows("default alphabet")
def alphabet_latin1(world: World) -> None:
    read_as(world, WORDS, LATIN1, GSM)


@shows("default alphabet")
def alphabet_ascii(world: World) -> None:
    read_as(world, "a@b_c", b"a@b_c", encode_gsm7("a@b_c"))


@shows("default alphabet")
def alphabet_gsm7_packed(world: World) -> None:
    esme = read_as(world, WORDS, pack_septets(GSM), LATIN1)
    # Behind six octets of header the septets begin after one bit.
    header = b"\x05\x00\x03\x07\x02\x01"
    part = esme.submit(text=header + pack_septets(GSM, 1), esm_class=0x40)
    assert esme.status(part) == 0
    assert world.texts(from_="SHOP")[-1] == WORDS
    world.until(4.9)
    first, second = [delivery for delivery in esme.deliveries if delivery.esm_class == 0x40]
    assert len(first.short_message) == 140
    parts = [unpack_septets(pdu.short_message[6:], fill_bits=1).decode("ascii") for pdu in (first, second)]
    assert "".join(parts) == " ".join(["0123456789"] * 15)
    assert world.texts(from_="77010000001")[1:] == parts


@shows("default alphabet")
def alphabet_per_port(world: World) -> None:
    spam, fine = 0x432, 0
    gsm, latin1 = world.bound(port=8000), world.bound(port=9000)
    at = (b"a@b", b"a\0b")  # the one of Latin-1, and that of GSM 03.38
    assert [latin1.status(latin1.submit(text=octets)) for octets in at] == [spam, fine]
    assert [gsm.status(gsm.submit(text=octets)) for octets in at] == [fine, spam]
    assert world.texts(operator="port-8000") == ["a¡b", "a@b"]
    assert world.texts(operator="port-9000") == ["a@b", "a\0b"]


def quoted(world: World) -> bytes:
    """What the receipt of a Latin-1 text quotes of it."""
    esme = world.bound()
    esme.submit(text="Zürich @ £5".encode("latin-1"))
    world.run(1.1)
    (receipt,) = esme.deliveries
    return receipt.short_message.partition(b"Text:")[2]


@shows("default alphabet")
def receipt_text_in_latin1(world: World) -> None:
    assert quoted(world) == "Zürich @ £5".encode("latin-1")


@shows("default alphabet")
def receipt_text_for_everyone(world: World) -> None:
    assert quoted(world) == b"Z?rich ? ?5"


# --- senders ------------------------------------------------------------------------------------------


def senders(esme: Esme, *tried: tuple[str, int, int]) -> list[int]:
    """The statuses of senders: address, TON, NPI."""
    return [
        esme.status(esme.submit(source_addr=sender, source_addr_ton=ton, source_addr_npi=npi))
        for sender, ton, npi in tried
    ]


INVALID = int(S.ESME_RINVSRCADR)


@shows("sender rules")
def sender_names_of_eleven(world: World) -> None:
    esme = world.bound()
    assert senders(esme, ("ELEVEN-CHAR", 5, 0), ("TWELVE-CHARS", 5, 0)) == [0, INVALID]
    assert senders(esme, ("SHOP", 5, 1), ("SHOP", 1, 0), ("12025550001", 5, 0)) == [INVALID] * 3


@shows("sender rules")
def sender_numbers_of_fifteen(world: World) -> None:
    assert senders(world.bound(), ("1" * 15, 1, 1), ("1" * 16, 1, 1)) == [0, INVALID]


@shows("sender rules")
def sender_numbers_of_eighteen(world: World) -> None:
    assert senders(world.bound(), ("1" * 18, 1, 1), ("1" * 19, 1, 1), ("A", 5, 0)) == [0, INVALID, INVALID]


@shows("sender rules")
def unregistered_sender_rejected(world: World) -> None:
    assert senders(world.bound(), ("SHOP", 5, 0), ("1234", 0, 1), ("OTHER", 5, 0)) == [0, 0, INVALID]


@shows("sender rules")
def unregistered_sender_rewritten(world: World) -> None:
    esme, reader = world.bound(), world.bound("reader")
    for sender in ("SHOP", "OTHER"):
        esme.submit("77090000001", source_addr=sender)
    world.run(0.1)
    assert [delivery.source_addr for delivery in reader.deliveries] == ["SHOP", "INFO"]
    assert {receipt.stat for receipt in esme.receipts} == {"DELIVRD"}


@shows("sender rules")
def unregistered_sender_rejected_later(world: World) -> None:
    esme = world.bound()
    assert senders(esme, ("SHOP", 5, 0), ("OTHER", 5, 0)) == [0, 0]
    world.run(5.1)
    assert [pdu.destination_addr for pdu in esme.deliveries] == ["SHOP", "OTHER"]
    assert [receipt.stat for receipt in esme.receipts] == ["DELIVRD", "REJECTD"]


# --- content --------------------------------------------------------------------------------------------


def said(esme: Esme, *tried: str) -> list[int]:
    return [esme.status(esme.submit(text=text)) for text in tried]


@shows("content rules")
def template_mismatch(world: World) -> None:
    esme = world.bound()
    assert said(esme, "Your code is 1234", "Order 7 is ready") == [0, 0]
    assert said(esme, "Your code: 1234", "Order 7 is ready!") == [600, 600]


@shows("content rules")
def spam_words(world: World) -> None:
    esme = world.bound()
    assert said(esme, "hello", "The CaSiNo opens", "Get free money now") == [0, 0x432, 0x432]


@shows("content rules")
def spam_found_later(world: World) -> None:
    esme = world.bound()
    assert said(esme, "hello", "Casino!") == [0, 0]
    world.run(1.1)
    assert [(receipt.stat, receipt.err) for receipt in esme.receipts] == [("DELIVRD", "000"), ("UNDELIV", "006")]


@shows("content rules")
def do_not_disturb_list(world: World) -> None:
    esme = world.bound()
    assert esme.status(esme.submit("77010000001")) == 0x40A
    sequences = [esme.submit(f"7702{number:07}") for number in range(300)]
    assert set(esme.statuses(sequences)) == {0}
    world.run(1.1)
    disturbed = [receipt for receipt in esme.receipts if receipt.stat == "REJECTD"]
    assert 70 < len(disturbed) < 130
    assert {receipt.err for receipt in disturbed} == {"040"}
    listed = {pdu.source_addr for pdu in esme.deliveries if b"REJECTD" in pdu.short_message}
    again = [esme.submit(number) for number in sorted(listed)]
    before = len(esme.deliveries)
    world.run(1.1)
    assert len(again) == len(esme.deliveries) - before
    assert {receipt.stat for receipt in esme.receipts[before:]} == {"REJECTD"}  # always the same numbers


@shows("content rules")
def ported_number(world: World) -> None:
    esme = world.bound()
    assert [esme.status(esme.submit(to)) for to in ("77010000001", "77020000001")] == [0, 0x0B]
    world.run(1.1)
    assert [(receipt.stat, receipt.err) for receipt in esme.receipts] == [("UNDELIV", "005")]


@shows("content rules")
def dlt_errors_in_responses(world: World) -> None:
    esme = world.bound()
    errors = list(range(600, 633))
    assert [esme.status(esme.submit(f"77{error}000001")) for error in errors] == errors


@shows("content rules")
def dlt_errors_in_receipts(world: World) -> None:
    esme = world.bound()
    errors = list(range(600, 633))
    assert {esme.status(esme.submit(f"77{error}000001")) for error in errors} == {0}
    world.run(1.1)
    assert [(receipt.stat, receipt.err) for receipt in esme.receipts] == [("REJECTD", f"{error}") for error in errors]
