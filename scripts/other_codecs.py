"""Other programs that read SMPP, each as a function from PDUs to what it sees in them."""

from __future__ import annotations

import importlib.util
import io
import logging
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from pathlib import Path
from struct import pack
from typing import Any, ClassVar, NamedTuple, Protocol
from xml.etree import ElementTree

from smppkit.commands import RESPONSE_BIT
from smsc.capture.packets import ACK, ETHERNET, PSH, Packet, Place, ethernet

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
Reading = dict[str, bytes]
"""Fields by name; TLVs as "tlv 0x0424"; all as octets, strings without NUL, a text without its length."""


class Refused(NamedTuple):
    """The program takes the PDU for an error, or fails on it."""

    reason: str


class Program(Protocol):
    """Something that reads PDUs."""

    name: str
    versions: tuple[str, ...]

    def missing(self) -> str:
        """Why it cannot be used here; empty when it can."""

    def read(self, pdus: Sequence[bytes]) -> Iterator[Reading | Refused]:
        """What it sees in each of them, in order."""


def _header(octets: bytes) -> Reading:
    return {"command_status": octets[8:12], "sequence_number": octets[12:16]}


def _plain(name: str, octets: bytes) -> bytes:
    """The octets of a field without the NUL of a string."""
    strings = ("system_id", "password", "system_type", "address_range", "service_type", "message_id")
    is_string = name in strings or name.endswith(("_addr", "_time", "_period", "_date"))
    return octets.removesuffix(b"\0") if is_string else octets


class SmppPdu3:
    """The Python 3 release of smpp.pdu: a codec of meanings, strict, of SMPP 3.4."""

    name = "smpp.pdu3"
    versions: tuple[str, ...] = ("3.4",)

    def missing(self) -> str:
        """It is a package."""
        return "" if importlib.util.find_spec("smpp") else "it is not installed here"

    def read(self, pdus: Sequence[bytes]) -> Iterator[Reading | Refused]:
        """Its own encoders make octets again of the meanings that it has read."""
        from smpp.pdu import constants, pdu_encoding, smpp_time

        smpp_time.print = lambda *_: None  # it prints a character of each time that it reads
        encoder = pdu_encoding.PDUEncoder()
        for octets in pdus:
            try:
                pdu = encoder.decode(io.BytesIO(octets))
                status = constants.command_status_name_map[pdu.status.name]
                fields: Reading = {
                    "command_status": status.to_bytes(4, "big", signed=status < 0),
                    "sequence_number": (pdu.seqNum or 0).to_bytes(4, "big"),
                }
                codecs = encoder.getRequiredParamEncoders(pdu)
                for name, value in pdu.params.items():
                    if name in (pdu.mandatoryParams or []):
                        written = codecs[name].encode(value)
                        fields[name] = written[1:] if name == "short_message" else _plain(name, written)
                    else:
                        option = pdu_encoding.pdu_types.Option(getattr(pdu_encoding.pdu_types.Tag, name), value)
                        written = pdu_encoding.OptionEncoder().encode(option)
                        fields[f"tlv 0x{written[:2].hex()}"] = written[4:]
            except Exception as error:  # noqa: BLE001 # another program's failure is what is compared
                yield Refused(f"{type(error).__name__}: {error}")
            else:
                yield fields


class Smpplib:
    """smpplib: the usual client library, of SMPP 3.4, which takes what it finds."""

    name = "smpplib"
    versions: tuple[str, ...] = ("3.4",)

    def missing(self) -> str:
        """It is a package."""
        return "" if importlib.util.find_spec("smpplib") else "it is not installed here"

    def read(self, pdus: Sequence[bytes]) -> Iterator[Reading | Refused]:
        """Attributes that were not on the wire are None."""
        import smpplib.client  # type: ignore[import-not-found]
        import smpplib.smpp  # type: ignore[import-not-found]

        logging.getLogger("smpplib").setLevel(logging.CRITICAL)
        client = smpplib.client.SimpleSequenceGenerator()
        for octets in pdus:
            try:
                pdu = smpplib.smpp.parse_pdu(octets, client=client, allow_unknown_opt_params=True)
                if pdu is None:
                    raise ValueError("the command has no name")
                fields = _header(octets) | {
                    "command_status": pdu.status.to_bytes(4, "big"),
                    "sequence_number": pdu.sequence.to_bytes(4, "big"),
                }
                if len(octets) > 16:
                    fields |= self._fields(pdu)
            except Exception as error:  # noqa: BLE001 # another program's failure is what is compared
                yield Refused(f"{type(error).__name__}: {error}")
            else:
                yield fields

    @staticmethod
    def _fields(pdu: Any) -> Reading:
        from smpplib import consts

        fields: Reading = {}
        for name in pdu.params_order:
            value = getattr(pdu, name, None)
            if value is None or name == "sm_length":
                continue
            octets = value.to_bytes(pdu.params[name].size, "big") if isinstance(value, int) else bytes(value)
            optional = pdu.field_is_optional(name)
            fields[f"tlv 0x{consts.OPTIONAL_PARAMS[name]:04x}" if optional else name] = octets
        return fields


class Tshark:
    """Wireshark's dissector, which shows what it can, in a capture with each PDU on a connection of its own."""

    name = "tshark"
    versions: tuple[str, ...] = ("3.4", "5.0")
    _PORT = 2775
    _HEADERS = 54
    """Octets of Ethernet, IPv4 and TCP before the PDU."""
    _NAMES: ClassVar = {
        "esm.submit.msg_mode": "esm_class",
        "regdel.receipt": "registered_delivery",
        "schedule_delivery_time_r": "schedule_delivery_time",
        "validity_period_r": "validity_period",
        "final_date_r": "final_date",
        "message": "short_message",
        "dlist": "dest_addresses",
        "dlist_resp": "unsuccess_smes",
    }
    _SKIPPED = ("command_length", "command_id", "sm_length", "message_text", "opt_params")

    def missing(self) -> str:
        """It is a program."""
        return "" if shutil.which("tshark") else "it is not installed here"

    def read(self, pdus: Sequence[bytes]) -> Iterator[Reading | Refused]:
        """One run for all."""
        with tempfile.TemporaryDirectory() as folder:
            capture, shown = Path(folder) / "pdus.pcap", Path(folder) / "pdus.pdml"
            capture.write_bytes(b"".join(self._capture(pdus)))
            command = ["tshark", "-r", str(capture), "-T", "pdml", "-J", "smpp _ws.malformed"]
            # What is inside the messages is for others to read.
            command += ["-n", "-d", f"tcp.port=={self._PORT},smpp", "--disable-protocol", "gsm_sms_ud"]
            with shown.open("wb") as out:
                subprocess.run(command, stdout=out, stderr=subprocess.DEVNULL, check=True)
            packets = ElementTree.iterparse(self._as_xml(shown))  # noqa: S314 # what tshark has just written
            number = 0
            for _, element in packets:
                if element.tag == "packet":
                    yield self._reading(element, pdus[number])
                    element.clear()
                    number += 1

    @staticmethod
    def _as_xml(shown: Path) -> Path:
        """What it writes, without octets that are no UTF-8 and characters that XML does not have."""
        sound = shown.with_suffix(".xml")
        with (
            shown.open(encoding="utf-8", errors="replace", newline="") as text,
            sound.open("w", encoding="utf-8") as out,
        ):
            while part := text.read(1 << 20):
                out.write(_NOT_XML.sub("?", part))
        return sound

    def _capture(self, pdus: Sequence[bytes]) -> Iterator[bytes]:
        yield pack(">IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, ETHERNET)
        server = Place(IPv4Address("192.0.2.1"), self._PORT)
        for number, octets in enumerate(pdus):
            client = Place(IPv4Address("10.0.0.0") + number, 40_000)
            frame = ethernet(Packet(client, server, 1, 1, PSH | ACK, octets), number)
            yield pack(">IIII", number, 0, len(frame), len(frame)) + frame

    def _reading(self, packet: ElementTree.Element, octets: bytes) -> Reading | Refused:
        protocols = [(proto.get("name"), proto) for proto in packet.iter("proto")]
        shown = [name for field in packet.iter("field") if (name := field.get("name") or "").startswith("smpp.")]
        if any(name == "_ws.malformed" and "SMPP" in (proto.get("showname") or "") for name, proto in protocols):
            return Refused(f"malformed packet after {shown[-1].removeprefix('smpp.') if shown else 'nothing'}")
        found = [proto for name, proto in protocols if name == "smpp" and proto.find("field") is not None]
        if not found:
            return Refused("not taken for SMPP")
        if len(found) > 1:
            return Refused("taken for several PDUs")
        fields: Reading = {}
        for field in found[0].findall("field"):
            name = (field.get("name") or "").removeprefix("smpp.")
            if name in self._SKIPPED or not name or ("." in name and name not in self._NAMES):
                continue
            name = self._NAMES.get(name, name)
            fields.setdefault(name, _plain(name, self._octets(field, octets)))
        if not octets[4] & RESPONSE_BIT >> 24:
            fields["command_status"] = octets[8:12]  # shown of responses only
        for tlv in found[0].iter("field"):
            if tlv.get("name") == "smpp.opt_param":
                whole = self._octets(tlv, octets)
                fields.setdefault(f"tlv 0x{whole[:2].hex()}", whole[4:])
        return fields

    def _octets(self, field: ElementTree.Element, octets: bytes) -> bytes:
        """What a field covers, with all that is below it."""
        parts = [(int(part.get("pos", "0")), int(part.get("size", "0"))) for part in field.iter("field")]
        start = parts[0][0]
        end = max(at + size for at, size in parts)
        return octets[start - self._HEADERS : end - self._HEADERS]


PROGRAMS: dict[str, type[Program]] = {program.name: program for program in (SmppPdu3, Smpplib, Tshark)}
"""Every program by name."""
