"""A PDU as somebody asks for it: its fields by the names that SMPP gives them, or its octets.

Numbers are numbers or texts such as "0x40". Octets are {"hex": "…"}, or a text, which is written in the alphabet that
data_coding names. TLVs are an object by name or tag: a number, a text, or {"hex": "…"}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from smppkit.errors import EncodeError
from smppkit.pdus import PDUS, DistributionList, Pdu, SmeAddress
from smppkit.text import UnencodableText, alphabet_of, encode_text
from smppkit.tlvs import MAX_VALUE, TAGS_50, Integer, Tlv
from smppkit.tlvs import Text as TextForm
from smsc.scenario.reading import ALPHABETS, write
from yamlmodel.suggest import did_you_mean

LONGEST: Final = 70 * 1024
"""Octets of a PDU; sessions take no longer ones either."""
COMMANDS: Final[dict[str, type[Pdu]]] = {kind.name: kind for kind in PDUS.values()}

_TAGS_BY_NAME: Final = {tag.name: tag for tag in TAGS_50.values()}
_CHOSEN: Final = "data_coding"


class BadPduOrder(Exception):
    """A PDU cannot be made of what was asked for; `key` is the one that is wrong."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}" if key else text)
        self.key = key


def octets_of(text: Any) -> bytes:
    """The octets of a hex text, in which blanks do not count."""
    return _hex("hex", text)


def pdu_of(body: Mapping[str, Any], alphabet: str) -> Pdu:
    """The PDU that `command` and fields describe; `alphabet` is what data_coding 0 means. BadPduOrder."""
    word = body.get("command")
    kind = COMMANDS.get(word) if isinstance(word, str) else None
    if kind is None:
        hint = did_you_mean(word, COMMANDS) if isinstance(word, str) else ""
        raise BadPduOrder("command", f"found {_found(word)}; expected a command such as deliver_sm{hint}")
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    coding = _coding(body)
    values: dict[str, Any] = {}
    for key, value in body.items():
        if key == "command":
            continue
        field = fields.get(key)
        if field is None:
            raise BadPduOrder(key, f"unknown field of {word}{did_you_mean(key, fields) or known_here(fields)}")
        if key == "tlvs":
            values[key] = _tlvs(value, coding, alphabet)
        elif isinstance(field.default, bytes):
            coding, values[key] = _octets(key, value, coding, alphabet)
            if _CHOSEN in fields and coding is not None:
                values[_CHOSEN] = coding
        elif isinstance(field.default, int):
            values[key] = _number(key, value)
        else:
            values[key] = _other(key, value, field.type)
    return kind(**values)


def known_here(fields: Mapping[str, Any]) -> str:
    """The fields there are, when none is near."""
    return "; known here: " + ", ".join(fields)


def _coding(body: Mapping[str, Any]) -> int | None:
    return None if _CHOSEN not in body else _number(_CHOSEN, body[_CHOSEN])


def _octets(key: str, value: Any, coding: int | None, alphabet: str) -> tuple[int | None, bytes]:
    """The data_coding and the octets of a text or of {"hex": …}; a data_coding that was not given is chosen."""
    if isinstance(value, str):
        if coding is None:
            return write(value, alphabet)
        try:
            return coding, encode_text(value, alphabet_of(coding, ALPHABETS[alphabet]))
        except UnencodableText as error:
            raise BadPduOrder(key, f"the text does not fit data_coding {coding}: {error}") from None
    return coding, _hex_value(key, value)


def _number(key: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(str(value), 0) if isinstance(value, str) else int("")
    except ValueError:
        raise BadPduOrder(key, f'found {_found(value)}; expected a number such as 5 or "0x40"') from None


def _other(key: str, value: Any, kind: Any) -> Any:
    try:
        if key == "dest_addresses":
            entries = msgspec.convert(value, list[dict[str, Any]])
            return tuple(msgspec.convert(one, DistributionList if "dl_name" in one else SmeAddress) for one in entries)
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BadPduOrder(key, f"found {_found(value)}: {error}") from None


def _hex_value(key: str, value: Any) -> bytes:
    if isinstance(value, Mapping) and list(value) == ["hex"]:
        return _hex(f"{key}.hex", value["hex"])
    raise BadPduOrder(key, f'found {_found(value)}; expected a text, or octets such as {{"hex": "0a0b"}}')


def _hex(key: str, text: Any) -> bytes:
    if isinstance(text, str) and len(text) <= 3 * LONGEST:
        try:
            octets = bytes.fromhex(text)
        except ValueError:
            octets = b""
        if 0 < len(octets) <= LONGEST or not text.strip():
            return octets
    raise BadPduOrder(key, f"found {_found(text)}; expected hex digits in pairs, {LONGEST} octets at most")


def _tlvs(value: Any, coding: int | None, alphabet: str) -> tuple[Tlv, ...]:
    if not isinstance(value, Mapping):
        raise BadPduOrder("tlvs", f'found {_found(value)}; expected an object such as {{"message_state": 2}}')
    return tuple(_tlv(name, one, coding, alphabet) for name, one in value.items())


def _tlv(name: str, value: Any, coding: int | None, alphabet: str) -> Tlv:
    key = f"tlvs.{name}"
    tag = _TAGS_BY_NAME.get(name)
    if tag is None:
        number = _tag_number(name)
        return Tlv(number, _hex_value(key, value))
    if isinstance(value, Mapping):
        return Tlv(tag.number, _hex_value(key, value))
    try:
        if isinstance(tag.form, Integer):
            return tag.of(_number(key, value))
        if isinstance(tag.form, TextForm):
            return tag.of(value)
        if isinstance(value, str):
            return tag.of(_octets(key, value, coding, alphabet)[1])
    except EncodeError as error:
        raise BadPduOrder(key, error.problem) from None
    raise BadPduOrder(key, f'found {_found(value)}; expected a text, or octets such as {{"hex": "0a0b"}}')


def _tag_number(name: str) -> int:
    try:
        number = int(name, 0)
    except ValueError:
        number = -1
    if not 0 <= number <= MAX_VALUE:
        hint = did_you_mean(name, _TAGS_BY_NAME)
        raise BadPduOrder(
            f"tlvs.{name}", f"unknown TLV; expected a name such as message_state, or a tag 0x0000 to 0xffff{hint}"
        )
    return number


def _found(value: Any) -> str:
    """What stands there, in a few words."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
