"""Recordings without what is nobody's business: passwords always, numbers, texts and accounts on demand.

Octets are replaced in place: a redacted PDU is as long as the real one, and everything else in it is untouched. What
cannot be read is hidden whole, since nobody knows what is in it.
"""

from __future__ import annotations

import enum
import re
from typing import Final

from smppkit.commands import RESPONSE_BIT
from smppkit.pdus import DataSm, DeliverSm
from smppkit.segments import UDHI
from smppkit.tlvs import CALLBACK_NUM, DEST_SUBADDRESS, MESSAGE_PAYLOAD, SOURCE_SUBADDRESS, TAGS
from smsc.capture.frames import HEADER_SIZE
from smsc.capture.layout import Span, UnreadableError, kind_of, read_pdu, spans
from smsc.capture.pseudonyms import Pseudonyms
from smsc.capture.texts import is_receipt, receipt_without_words, without_words

FILLER: Final = b"*"


class Redact(enum.Enum):
    """What a recording does not show."""

    ADDRESSES = "addresses"
    TEXTS = "texts"
    SECRETS = "secrets"


_ADDRESSES: Final = frozenset({"source_addr", "destination_addr", "esme_addr", "address_range"})
_SUBADDRESSES: Final = frozenset({SOURCE_SUBADDRESS.number, DEST_SUBADDRESS.number})
_TEXTS: Final = frozenset({"short_message", MESSAGE_PAYLOAD.number})
_ACCOUNTS: Final = frozenset({"system_id", "system_type"})
_DIGITS: Final = re.compile(rb"\+?[0-9]{7,20}")
# The lengths and commands of binds and outbinds, as they stand in octets that are no PDU.
_BIND: Final = re.compile(rb"\0\0[\0\1].\0\0\0[\x01\x02\x09\x0b]", re.DOTALL)
_BIND_COMMANDS: Final = frozenset({0x01, 0x02, 0x09, 0x0B})


class Redactor:
    """Hides what is asked for in PDUs, consistently under one key."""

    def __init__(
        self, what: frozenset[Redact] = frozenset(), *, key: bytes = b"", keep_passwords: bool = False
    ) -> None:
        """`key` is needed for addresses and secrets: the pseudonyms of a recording follow from it."""
        if what & {Redact.ADDRESSES, Redact.SECRETS} and not key:
            raise ValueError("pseudonyms need a key")
        self.what = what
        self.keep_passwords = keep_passwords
        self.hidden_whole = 0
        self._pseudonyms = Pseudonyms(key)

    @property
    def nothing(self) -> bool:
        """Whether everything is shown."""
        return not self.what and self.keep_passwords

    def frame(self, octets: bytes) -> bytes:
        """A PDU without what is hidden."""
        command = int.from_bytes(octets[4:8])
        if self.nothing or (not self.what and command not in _BIND_COMMANDS):
            return octets
        kind = kind_of(octets)
        try:
            if kind is None:
                raise UnreadableError("nobody knows this command")
            fields = spans(octets, kind)
        except UnreadableError:
            return octets if command & RESPONSE_BIT and kind is not None else self._whole(octets)
        if any(span.name in _TEXTS for span in fields) and Redact.TEXTS in self.what:
            octets = self._texts(octets, fields)
        pieces = bytearray(octets)
        for span in fields:
            pieces[span.start : span.end] = self._field(span, octets[span.start : span.end])
        return bytes(pieces)

    def account(self, system_id: str) -> str:
        """An account's name as the recording shows it."""
        return self._pseudonyms.name(system_id) if Redact.SECRETS in self.what else system_id

    def _whole(self, octets: bytes) -> bytes:
        self.hidden_whole += 1
        return octets[:HEADER_SIZE] + FILLER * (len(octets) - HEADER_SIZE)

    def _field(self, span: Span, value: bytes) -> bytes:
        name = span.name
        if name == "password":
            return value if self.keep_passwords else FILLER * len(value)
        if name in _ACCOUNTS and Redact.SECRETS in self.what:
            return self._pseudonyms.name(value.decode("latin-1")).encode()
        if Redact.ADDRESSES in self.what and (name in _ADDRESSES or _may_hold_number(name)):
            return self._addresses(value)
        return value

    def _addresses(self, value: bytes) -> bytes:
        """Every number in a field; the fields are numbers, or numbers behind a few octets, or patterns of them."""
        return _DIGITS.sub(lambda found: self._pseudonyms.of(found[0].decode()).encode(), value)

    def _texts(self, octets: bytes, fields: list[Span]) -> bytes:
        values = {span.name: octets[span.start : span.end] for span in fields}
        pdu = read_pdu(octets)
        data_coding = values.get("data_coding", b"\0")[0]
        header = bool(values.get("esm_class", b"\0")[0] & UDHI)
        pieces = bytearray(octets)
        for span in fields:
            value = octets[span.start : span.end]
            if span.name not in _TEXTS or not value:
                continue
            if isinstance(pdu, DeliverSm | DataSm) and is_receipt(pdu):
                value = receipt_without_words(pdu, value)
            else:
                value = without_words(value, data_coding, header=header)
            pieces[span.start : span.end] = value
        return bytes(pieces)


class RawRedactor:
    """Hides the passwords in one direction of a connection that is no SMPP, or no longer.

    Octets are given on as they come, but for the last few, which may be the beginning of a bind.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._waiting = b""
        self._hide = 0

    def feed(self, octets: bytes, *, last: bool = False) -> bytes:
        """The octets as they are recorded; with `last` nothing is kept back."""
        redactor = self._redactor
        if redactor.nothing:
            return octets
        if redactor.what & {Redact.ADDRESSES, Redact.TEXTS}:
            redactor.hidden_whole += bool(octets)
            return FILLER * len(octets)
        data = self._waiting + octets
        self._waiting = b""
        pieces = bytearray()
        while data:
            if self._hide:
                hidden = min(self._hide, len(data))
                pieces += FILLER * hidden
                self._hide -= hidden
                data = data[hidden:]
                continue
            found = _BIND.search(data)
            if found is not None:
                head = min(len(data), found.start() + HEADER_SIZE)
                length = int.from_bytes(found[0][:4])
                self._hide = max(0, length - (head - found.start()))
                pieces += data[:head]
                data = data[head:]
                continue
            keep = 0 if last else min(len(data), 7)
            pieces += data[: len(data) - keep]
            self._waiting = data[len(data) - keep :]
            break
        return bytes(pieces)


def _may_hold_number(name: str | int) -> bool:
    """Whether a TLV may hold a number of a person: those for numbers, and those of vendors, which may be anything."""
    if name == CALLBACK_NUM.number or name in _SUBADDRESSES:
        return True
    return isinstance(name, int) and name not in TAGS
