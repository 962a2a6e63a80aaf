"""Receipts as octets. Most differ only in whom they are for: all the rest of one is made once a second."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeAlias

import msgspec

from smppkit.codec import HEADER, HEADER_SIZE, encode, write_tlvs
from smppkit.commands import CommandId
from smppkit.pdus import SubmitSm
from smppkit.states import Version
from smppkit.tlvs import RECEIPTED_MESSAGE_ID
from smsc.scenario.decisions import Fate, Plan
from smsc.scenario.dialect import (
    ESCAPE,
    MOST_SHORT,
    QUOTED_OCTETS,
    encoding_of,
    quoted_text,
    quotes_octets,
    receipt_pdu,
    said_of,
)
from smsc.scenario.model import Operator
from smsc.scenario.receipt_run import MOST_ID, Form, address
from smsc.scenario.receipts import Carrier, ReceiptForm

MOST_STAMPS: Final = 4096
_V33: Final = Version.V33
_DELIVER_SM: Final = int(CommandId.DELIVER_SM)
# Up to and with the addresses, when these are empty: service_type, and twice a type, a plan and an address (§4.6.1).
_NO_ADDRESSES: Final = HEADER_SIZE + 7
_FIXED: Final = 9  # octets of esm_class to sm_default_msg_id, without schedule and validity
_ESCAPE: Final = ESCAPE[0]  # an octet is found five times as fast as octets are
_MOST_ADDRESS, _MOST_SERVICE_TYPE = 20, 5
_ID_TAG: Final = RECEIPTED_MESSAGE_ID.number.to_bytes(2, "big") + b"\0"


_PLACE = re.compile(r"%(?:\((id|text)\)(\.\d+)?s|%)")
_HEADS: Final = tuple(HEADER.pack(HEADER_SIZE + length, _DELIVER_SM, 0, 0) for length in range(512))
"""Of deliver_sm, by the length of what follows: an address, an id and a text are bounded."""
_OCTET: Final = tuple(bytes((length,)) for length in range(256))

Press: TypeAlias = Callable[[bytes, "re.Match[bytes]", int], "tuple[bytes, str] | None"]
"""(message_id, what ADDRESSED has found, end) → the receipt of the plain submit_sm whose user data goes from there to
the end, and the address that it is for; None when it needs a closer look."""


class Stamp(msgspec.Struct, frozen=True, gc=False):
    """What the receipts of one fate and one second have in common."""

    words: str  # a format with places for the id and the text
    fixed: bytes  # behind the addresses, up to sm_length
    tlvs: bytes  # behind receipted_message_id
    press: Press | None
    form: Form | None


class ReceiptWriter:
    """Writes the receipts of one operator."""

    def __init__(self, operator: Operator) -> None:
        look = operator.receipts
        self._operator = operator
        is_plain = look.carrier is Carrier.DELIVER_SM and look.form is not ReceiptForm.TLV and not look.tlvs
        self._is_plain = is_plain and look.text.is_usual
        self._names_id = look.form is ReceiptForm.BOTH
        self._encoding = encoding_of(look)
        self._quotes = look.text.quotes
        self._presses = is_plain and look.text.is_usual and quotes_octets(operator)
        self._stamps: dict[tuple[Fate, datetime, datetime], Stamp] = {}
        self._forms: dict[Form, Form] = {}  # that of many seconds is one

    def write(
        self,
        plan: Plan,
        fate: Fate,
        submit: SubmitSm,
        submitted_at: datetime,
        done_at: datetime,
        version: int,
        esm_class: int | None = None,
    ) -> bytes:
        """The octets of ``receipt_pdu``, whatever way they are made; EncodeError. `version` is the SMPP of the ESME."""
        if self._is_plain and plan.look is None and esm_class is None and version > _V33:
            octets = self._stamped(plan, fate, submit, submitted_at, done_at)
            if octets is not None:
                return octets
        return encode(
            receipt_pdu(self._operator, plan, fate, submit, submitted_at, done_at, Version.of(version), esm_class),
        )

    def press(self, fate: Fate, submitted_at: datetime, done_at: datetime) -> Press | None:
        """What makes many receipts of one fate and one second from plain submit_sm as they came (see smppkit.runs).

        They are those of ``write`` for a plan without a look of its own, to an ESME of SMPP 3.4 or later. None where an
        operator writes others.
        """
        return self._stamp_of(fate, submitted_at, done_at).press if self._presses else None

    def form(self, fate: Fate, submitted_at: datetime, done_at: datetime) -> Form | None:
        """The same for ``press_all``."""
        return self._stamp_of(fate, submitted_at, done_at).form if self._presses else None

    def _stamp_of(self, fate: Fate, submitted_at: datetime, done_at: datetime) -> Stamp:
        key = (fate, submitted_at, done_at)
        return self._stamps.get(key) or self._stamp(*key)

    def _stamped(
        self, plan: Plan, fate: Fate, submit: SubmitSm, submitted_at: datetime, done_at: datetime
    ) -> bytes | None:
        """The same with a stamp; None when there is something about this one that needs a closer look."""
        key = (fate, submitted_at, done_at)
        stamp = self._stamps.get(key)
        if stamp is None:
            stamp = self._stamp(*key)
        text = quoted_text(self._operator, self._operator.receipts, plan, submit) if self._quotes else ""
        words = (stamp.words % {"id": plan.receipt_id, "text": text}).encode(self._encoding, "replace")
        service_type, source, destination = submit.service_type, submit.destination_addr, submit.source_addr
        identity = plan.tlv_id or plan.receipt_id
        if (
            len(words) > MOST_SHORT
            or len(source) > _MOST_ADDRESS
            or len(destination) > _MOST_ADDRESS
            or len(service_type) > _MOST_SERVICE_TYPE
            or len(identity) > MOST_ID
            or "\0" in source + destination + service_type + identity
        ):
            return None
        try:
            addresses = (
                f"{service_type}\0{chr(submit.dest_addr_ton)}{chr(submit.dest_addr_npi)}{source}\0"
                f"{chr(submit.source_addr_ton)}{chr(submit.source_addr_npi)}{destination}\0"
            ).encode("latin-1")
            named = identity.encode("latin-1")
        except UnicodeEncodeError:
            return None
        pieces = [addresses, stamp.fixed, bytes((len(words),)), words]
        if self._names_id:
            pieces += (_ID_TAG, bytes((len(named) + 1,)), named, b"\0", stamp.tlvs)
        body = b"".join(pieces)
        return HEADER.pack(HEADER_SIZE + len(body), _DELIVER_SM, 0, 0) + body

    def _stamp(self, fate: Fate, submitted_at: datetime, done_at: datetime) -> Stamp:
        """Take the stamp from a receipt that is for nobody."""
        plan = Plan(fate, None, receipt_id="")
        pdu = receipt_pdu(self._operator, plan, fate, SubmitSm(), submitted_at, done_at)
        octets = encode(pdu)
        said = said_of(plan, fate, submitted_at, done_at, "")
        words = self._operator.receipts.text.form(said)
        fixed = octets[_NO_ADDRESSES : _NO_ADDRESSES + _FIXED]
        tlvs = write_tlvs(pdu.tlvs[1:])
        press, form = None, None
        if self._presses:
            press = _press(words, fixed, tlvs, quotes=self._quotes, names_id=self._names_id)
            form = _form(words, fixed, tlvs if self._names_id else None)
            form = None if form is None else self._forms.setdefault(form, form)
        stamp = Stamp(words, fixed, tlvs, press, form)
        if len(self._stamps) >= MOST_STAMPS:
            self._stamps.clear()
            self._forms.clear()
        self._stamps[fate, submitted_at, done_at] = stamp
        return stamp


_IN_ORDER = re.compile(r"(.*)%\(id\)(?:\.(\d+))?s(.*)%\(text\)(?:\.(\d+))?s(.*)", re.DOTALL)


def _form(words: str, fixed: bytes, tlvs: bytes | None) -> Form | None:
    found = _IN_ORDER.fullmatch(words)
    if found is None or len(_PLACE.findall(words.replace("%%", ""))) != 2:
        return None
    before, most_of_id, between, most, behind = found.groups()
    if int(most_of_id or MOST_ID) < MOST_ID:
        return None
    before, between, behind = (
        said.replace("%%", "%").encode("latin-1", "replace") for said in (before, between, behind)
    )
    return Form(fixed, before, between, behind, None if tlvs is None else b"\0" + tlvs, int(most or MOST_SHORT))


def _press(form: str, fixed: bytes, tlvs: bytes, *, quotes: bool, names_id: bool) -> Press:
    said: list[str] = []  # what the places of the words are filled with, in order
    most = 0  # octets of the text that are quoted

    def place(match: re.Match[str]) -> str:
        nonlocal most
        if match[1] is None:
            return match[0]
        said.append(match[1])
        octets = int(match[2][1:]) if match[2] else MOST_SHORT
        if match[1] == "text":
            most = max(most, octets)
        return f"%.{octets}b" if octets < MOST_ID else "%b"

    words = _PLACE.sub(place, form).encode("latin-1", "replace")
    usual = said == ["id", "text"] and b"%." not in words.partition(b"%b")[0]
    # Mostly all of it is one format: a second one, of the words alone, costs as much as the rest.
    whole = b"%b%b%b%b" + _literally(fixed) + b"%b" + (words if usual else b"%b")
    if names_id:
        whole += _literally(_ID_TAG) + b"%b%b" + _literally(b"\0" + tlvs)
    always = len(words % ((b"",) * len(said)))
    around = len(fixed) + 1 + (len(_ID_TAG) + 1 + 1 + len(tlvs) if names_id else 0)

    def press(message_id: bytes, found: re.Match[bytes], end: int) -> tuple[bytes, str] | None:
        named = len(message_id)
        if named > MOST_ID:
            return None
        service_type, source, destination, data_coding = found.groups()
        text = b""
        if quotes:
            begin = found.end()
            text = found.string[begin : begin + most if begin + most < end else end].translate(QUOTED_OCTETS)
            if data_coding != b"\0" or _ESCAPE in text:
                return None
        if usual:
            written: tuple[bytes, ...] = (message_id, text)
            size = always + named + len(text)
        else:
            written = (words % tuple([message_id if name == "id" else text for name in said]),)
            size = len(written[0])
        if size > MOST_SHORT:
            return None
        length = around + len(service_type) + len(destination) + len(source) + size
        if names_id:
            head = _HEADS[length + named]
            pieces = (head, service_type, destination, source, _OCTET[size], *written, _OCTET[named + 1], message_id)
        else:
            pieces = (_HEADS[length], service_type, destination, source, _OCTET[size], *written)
        return whole % pieces, address(source)

    return press


def _literally(octets: bytes) -> bytes:
    """The format that says these octets."""
    return octets.replace(b"%", b"%%")
