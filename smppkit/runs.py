"""Runs: PDUs of one kind, and of one plain shape, that came one behind another in one read.

Most of what a busy peer sends looks the same: submit_sm without TLVs, header of user data, times of its own; responses
that say nothing but yes, and the id of a message; receipts in the form of the appendix. Such are cut out of a read
together, by a pattern that is compiled from the same declarations as the decoder, and no object is made of any of them.
What a pattern does not fit is read as ever. A run never says less than its PDUs do: `pdus` gives them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain, repeat
from struct import Struct, unpack
from types import MappingProxyType
from typing import ClassVar, TypeAlias, cast

import msgspec

from smppkit.alike import Columns, Pieces, alike, columns, numbers_of, one_of, parts, promising
from smppkit.codec import CODECS, HEADER_SIZE
from smppkit.commands import CommandId
from smppkit.compiler import Reader
from smppkit.message_state import MessageState
from smppkit.pdus import DeliverSmResp, Pdu, SubmitSmResp
from smppkit.receipts import CANONICAL, ID_CHARACTERS, RECEIPT_TYPE, Middle, SaidOfMany, middle_of
from smppkit.segments import UDHI
from smppkit.states import Version
from smppkit.tlvs import MESSAGE_STATE, RECEIPTED_MESSAGE_ID

_SUBMIT_SM = int(CommandId.SUBMIT_SM)
_SUBMIT_SM_RESP = int(CommandId.SUBMIT_SM_RESP)
_DELIVER_SM = int(CommandId.DELIVER_SM)
_DELIVER_SM_RESP = int(CommandId.DELIVER_SM_RESP)
_RECEIPTS = 250
"""In one run, at most."""
_RECEIPT_TLVS = re.compile(
    re.escape(RECEIPTED_MESSAGE_ID.number.to_bytes(2, "big"))
    + rb"\0(.)([^\0]{1,64})\0"
    + re.escape(MESSAGE_STATE.number.to_bytes(2, "big") + b"\0\1")
    + rb"(.)",
    re.DOTALL,
)
_STATES = {int(state): state for state in MessageState}
_WORTHWHILE = 24
"""PDUs alike, from which on it is worth while to look at them in columns."""
_KIND = 2
"""Octets of TON and NPI."""
_NUMBER = 12
"""Where the sequence number of a header stands (SMPP 3.4 §3.2)."""
_NUMBER_SIZE = 4
_ASK = 4
"""Of so many that are read by themselves one asks whether those behind it are alike."""
_MESSAGING_MODE = 0b11
_TRANSACTION = 0b10
_LONGEST = 512
"""Octets of a plain submit_sm, at most: its fields are all bounded."""
_LENGTHS = tuple(length.to_bytes(4, "big") for length in range(_LONGEST))


def split(octets: bytes) -> list[bytes]:
    """The PDUs that stand one behind another, each of the length that it gives."""
    frames: list[bytes] = []
    at, size = 0, len(octets)
    while at < size:
        end = at + max(HEADER_SIZE, int.from_bytes(octets[at : at + 4], "big"))
        frames.append(octets[at:end])
        at = end
    return frames


class Addressed(msgspec.Struct, eq=False, frozen=True, gc=False):
    """What several plain submit_sm say, each as on the wire, one after another; where they are many once what all say.

    Only destinations are those of each in any case.
    """

    service_types: Sequence[bytes]
    sources: Sequence[bytes]
    """Each behind its TON and NPI."""
    kinds: Sequence[bytes]
    """TON and NPI of the destinations."""
    destinations: Sequence[bytes]
    codings: Sequence[bytes]
    texts: Sequence[bytes]
    """Their user data."""

    def of(self, places: Sequence[int]) -> Addressed:
        """Some of them."""
        services, sources, kinds, codings, texts = (
            column if len(column) == 1 else [column[place] for place in places]
            for column in (self.service_types, self.sources, self.kinds, self.codings, self.texts)
        )
        return Addressed(services, sources, kinds, [self.destinations[place] for place in places], codings, texts)


def _addressed(
    services: Sequence[bytes],
    sources: Sequence[bytes],
    kinds: Sequence[bytes],
    destinations: Sequence[bytes],
    codings: Sequence[bytes],
    texts: Sequence[bytes],
) -> Addressed:
    if len(texts) < _WORTHWHILE:
        return Addressed(services, sources, kinds, destinations, codings, texts)
    return Addressed(one_of(services), one_of(sources), one_of(kinds), destinations, one_of(codings), one_of(texts))


class Frames(msgspec.Struct, eq=False, frozen=True, gc=False):
    """PDUs of one version as they were on the wire: `octets` are theirs alone, and `starts` is where each begins."""

    version: Version
    octets: bytes
    starts: Sequence[int]

    def __len__(self) -> int:
        return len(self.starts)

    def pdu(self, index: int) -> Pdu:
        """What the decoder makes of one."""
        start, end = self.span(index)
        return CODECS[self.version].decode(self.octets, start, end)

    def addressed(self) -> Addressed:
        """What plain submit_sm say; ValueError where one is none."""
        octets, match = self.octets, ADDRESSED.match
        found = [match(octets, start + HEADER_SIZE) for start in self.starts]
        if None in found:
            raise ValueError("a plain submit_sm is not plain")
        matches = cast("list[re.Match[bytes]]", found)
        services, sources, to_each, codings = zip(*[match.groups() for match in matches], strict=True)
        texts = [octets[match.end() : end] for match, (_, end) in zip(matches, self.spans(), strict=True)]
        kinds, destinations = [to[:_KIND] for to in to_each], [to[_KIND:] for to in to_each]
        return _addressed(services, sources, kinds, destinations, codings, texts)

    def spans(self) -> Iterator[tuple[int, int]]:
        """Where each begins and ends."""
        return zip(self.starts, (*self.starts[1:], len(self.octets)), strict=True)

    def span(self, index: int) -> tuple[int, int]:
        """Where one begins and ends."""
        starts = self.starts
        return starts[index], starts[index + 1] if index + 1 < len(starts) else len(self.octets)


class _Requested(msgspec.Struct, eq=False, frozen=True, gc=False):
    """Requests of one kind; `sequences` as they are on the wire."""

    frames: Frames
    sequences: Sequence[bytes]

    @property
    def octets(self) -> bytes:
        """All of them, as they were on the wire."""
        return self.frames.octets

    def __len__(self) -> int:
        return len(self.sequences)

    def pdus(self) -> Iterator[Pdu]:
        """What the decoder makes of them."""
        return map(self.frames.pdu, range(len(self.frames)))


class SubmitRun(_Requested, eq=False, frozen=True, gc=False):
    """Plain submit_sm that have their `registered_delivery` in common.

    `found`: what `submit_pattern` has found in the first of so many that are alike, but for the address they are for
    and for the user data (see smppkit.alike). `destinations`: these addresses, as in Addressed.
    """

    registered_delivery: int
    found: list[tuple[int, tuple[bytes, ...]]]
    destinations: list[bytes]

    command_id: ClassVar[int] = _SUBMIT_SM

    def addressed(self) -> Addressed:
        """As ``frames.addressed``, sooner."""
        frames, found, destinations = self.frames, self.found, self.destinations
        octets, starts = frames.octets, frames.starts
        if len(found) == len(starts):
            each = zip(*[said for _, said in found], strict=True)
            _, _, services, sources, to_each, _, _, codings, lengths = each
            ends = zip((*starts[1:], len(octets)), b"".join(lengths), strict=True)
            texts = [octets[end - length : end] for end, length in ends]
            return _addressed(services, sources, [to[:_KIND] for to in to_each], destinations, codings, texts)
        texts = []
        for count, said in found:
            start, end = frames.span(len(texts))
            size = end - start
            texts += parts(octets, start, size, count, (size - said[-1][0], size))[0]
        if len(found) == 1:
            _, _, service, source, to, _, _, coding, _ = found[0][1]
            return Addressed((service,), (source,), (to[:_KIND],), destinations, (coding,), one_of(texts))
        every = chain.from_iterable(repeat(said, count) for count, said in found)
        _, _, services, sources, to_each, _, _, codings, _ = zip(*every, strict=True)
        return _addressed(services, sources, [to[:_KIND] for to in to_each], destinations, codings, texts)


class Candidates(msgspec.Struct, eq=False, frozen=True, gc=False):
    """Plain submit_sm as they came, of which it is asked whether one is to be looked at by itself.

    They begin at `starts`, counted from `first`, and the last ends before `end`. `destinations` and `found` are as in
    SubmitRun.
    """

    octets: bytes
    first: int
    end: int
    starts: Sequence[int]
    destinations: Sequence[bytes]
    found: Sequence[tuple[int, tuple[bytes, ...]]]

    def sources(self) -> list[tuple[int, bytes]]:
        """Source addresses with their NUL, and how many have each, one after another."""
        return [(count, said[3][2:]) for count, said in self.found]

    def texts(self) -> Iterator[tuple[int, list[bytes]]]:
        """Their user data, with the data_coding that some after another have in common."""
        at = 0
        for count, said in self.found:
            begin = self.first + self.starts[at]
            at += count
            size = (self.first + self.starts[at] if at < len(self.starts) else self.end) - begin
            size //= count
            yield said[7][0], parts(self.octets, begin, size, count, (size - said[8][0], size))[0]


Apart: TypeAlias = Callable[[Candidates], "int | None"]
"""Which is the first of these that is to be looked at by itself; None: none is."""


class AcceptedRun(msgspec.Struct, eq=False, frozen=True, gc=False):
    """deliver_sm_resp that say nothing but yes, by their sequence numbers; `octets` as they were on the wire."""

    sequences: Sequence[int]
    octets: bytes

    command_id: ClassVar[int] = _DELIVER_SM_RESP

    def __len__(self) -> int:
        return len(self.sequences)

    def pdus(self) -> Iterator[Pdu]:
        """What the decoder makes of them."""
        return (DeliverSmResp(0, sequence) for sequence in self.sequences)


class TakenRun(msgspec.Struct, eq=False, frozen=True, gc=False):
    """submit_sm_resp with ESME_ROK and nothing but an id, by their sequence numbers; `octets` as they were."""

    sequences: list[int]
    message_ids: list[str]
    octets: bytes

    command_id: ClassVar[int] = _SUBMIT_SM_RESP

    def __len__(self) -> int:
        return len(self.sequences)

    def pdus(self) -> Iterator[Pdu]:
        """What the decoder makes of them."""
        return map(SubmitSmResp, repeat(0), self.sequences, repeat(()), self.message_ids)


class ReceiptRun(_Requested, eq=False, frozen=True, gc=False):
    """deliver_sm that are receipts in the form of the appendix: the addresses of each, and what it says."""

    sources: list[str]
    destinations: list[str]
    said: SaidOfMany

    command_id: ClassVar[int] = _DELIVER_SM

    def responses(self, status: int) -> bytes:
        """A deliver_sm_resp with this status for each of them."""
        one = CODECS[self.frames.version].encode(DeliverSmResp(status, 0))
        head, tail = one[:12], one[16:]
        return head + (tail + head).join(self.sequences) + tail


RequestedRun: TypeAlias = SubmitRun | ReceiptRun
Run: TypeAlias = SubmitRun | ReceiptRun | AcceptedRun | TakenRun
RunReader: TypeAlias = Callable[[bytes, int], "tuple[Run, int] | None"]
"""(octets, start) → the run that begins there and the position behind it; None when none does."""


class Outline(Reader):
    """The pattern of a run of fields: what is allowed is said as for a decoder, and only what is asked for is kept."""

    def __init__(
        self,
        kept: Collection[str],
        only: Mapping[str, Collection[int]],
        without: Collection[str],
        spans: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`kept` fields are groups; of those in `only` no other octets are plain, and those in `without` are empty.

        Of `spans` all from one field to another is a group, too.
        """
        super().__init__()
        self.pattern = b""
        self._kept = kept
        self._spans = spans
        self._only = only
        self._without = without

    def octet(self, name: str, allowed: Collection[int]) -> None:
        """See Reader."""
        plain = sorted(set(allowed) & set(self._only.get(name, allowed)))
        values = b"".join(b"\\x%02x" % value for value in plain)
        self._add(name, b"." if len(plain) == 256 else b"[" + values + b"]")

    def group(self, name: str, pattern: bytes, conversion: str = "") -> None:
        """See Reader: the pattern is a group, behind which its closing NUL may stand."""
        self._add(name, b"\\0" if name in self._without else b"(?:" + pattern[1:])

    def match(self) -> None:
        """See Reader: the pattern goes on."""

    def _add(self, name: str, pattern: bytes) -> None:
        pattern = b"(" + pattern + b")" if name in self._kept else pattern
        before = b"(" if name in self._spans else b""
        self.pattern += before + pattern + (b")" if name in self._spans.values() else b"")


_PLAIN_SUBMIT: Mapping[str, Collection[int]] = {
    "esm_class": [octet for octet in range(256) if not octet & UDHI and octet & _MESSAGING_MODE != _TRANSACTION],
    "replace_if_present_flag": (0,),
    "sm_default_msg_id": (0,),
}
_EMPTY_IN_SUBMIT = ("schedule_delivery_time", "validity_period")


ADDRESSED = re.compile(rb"([^\0]*\0)(..[^\0]*\0)(..[^\0]*\0).{7}(.)..", re.DOTALL)
"""The body of a plain submit_sm, up to its user data; service_type, source and destination (each behind its TON and
NPI) and data_coding are groups."""


@functools.cache
def submit_pattern(version: Version) -> re.Pattern[bytes]:
    """Groups: command_length, sequence_number, service_type, source, destination, its address alone,
    registered_delivery, data_coding and sm_length. Strings are with their NUL, addresses behind their TON and NPI.
    """
    kept = ("service_type", "destination_addr", "registered_delivery", "data_coding", "sm_length")
    spans = {"source_addr_ton": "source_addr", "dest_addr_ton": "destination_addr"}
    outline = Outline(kept, _PLAIN_SUBMIT, _EMPTY_IN_SUBMIT, spans)
    for name, spec in CODECS[version].layouts[_SUBMIT_SM].fields:
        spec.emit_read(name, outline)
    header = rb"(....)" + re.escape(_SUBMIT_SM.to_bytes(4, "big")) + rb"....(....)"
    return re.compile(header + outline.pattern, re.DOTALL)


def submit_reader(version: Version, apart: Callable[[], Apart | None]) -> RunReader:
    """What cuts runs of plain submit_sm; `apart` is asked at each run what else is to be looked at by itself."""
    match = submit_pattern(version).match

    def read(octets: bytes, first: int) -> tuple[Run, int] | None:
        starts: list[int] = []
        sequences: list[bytes] = []
        run: list[tuple[int, tuple[bytes, ...]]] = []
        first_apart = apart()
        # What comes behind one that is apart is matched anew, so not too many are matched before they are asked about.
        addresses: list[bytes] = []
        asked, ask_at, run_asked = 0, 1, 0
        at, size, common, lengths, alikes = first, len(octets), b"", _LENGTHS, True
        while (found := match(octets, at)) is not None:
            said = found.groups()
            length, sequence, _, _, _, destination, registered, _, sm_length = said
            end = found.end() + sm_length[0]
            if end > size or length != lengths[end - at]:
                break
            if registered != common:
                if starts:
                    break
                common = registered
            count = 1
            if alikes and octets.startswith(length, at + (_WORTHWHILE - 1) * (end - at)):
                count = _submits_alike(octets, found, end - at)
                alikes = count >= _WORTHWHILE
            run.append((count, said))
            if count == 1:
                starts.append(at - first)
                sequences.append(sequence)
                addresses.append(destination)
                at = end
            else:
                one, (to, behind) = end - at, found.span(6)
                starts += range(at - first, at - first + count * one, one)
                sequences.append(numbers_of(octets, at, one, count))
                addresses += parts(octets, at, one, count, (to - at, behind - at))[0]
                at += count * one
            if first_apart is not None and len(starts) >= ask_at:
                some = Candidates(octets, first, at, starts[asked:], addresses[asked:], run[run_asked:])
                if first_apart(some) is not None:
                    break
                asked, ask_at, run_asked = len(starts), 4 * len(starts), len(run)
        numbers: Sequence[bytes] = sequences
        if len(numbers) < len(starts):
            numbers = Pieces(b"".join(sequences), _NUMBER_SIZE)
        if first_apart is not None and asked < len(starts):
            some = Candidates(octets, first, at, starts[asked:], addresses[asked:], run[run_asked:])
            if (place := first_apart(some)) is not None:
                kept = asked + place
                at = first + starts[kept]
                numbers = numbers[:kept]
                del starts[kept:], addresses[kept:]
                run = _cut(run, kept)
        if not starts:
            return None
        begins = range(0, at - first, starts[1]) if len(run) == 1 and len(starts) > 1 else starts
        return SubmitRun(Frames(version, octets[first:at], begins), numbers, common[0], run, addresses), at

    return read


def _submits_alike(octets: bytes, found: re.Match[bytes], size: int) -> int:
    """How many are like the plain submit_sm that a pattern has found."""
    first, (to, nul) = found.start(), found.span(6)
    same = chain(range(8), range(HEADER_SIZE, to - first), range(nul - 1 - first, found.end() - first))
    return alike(octets, first, size, same, range(to - first, nul - 1 - first))


def _cut(run: list[tuple[int, tuple[bytes, ...]]], most: int) -> list[tuple[int, tuple[bytes, ...]]]:
    """The first of a run."""
    kept: list[tuple[int, tuple[bytes, ...]]] = []
    for count, first in run:
        if most > 0:
            kept.append((min(count, most), first))
        most -= count
    return kept


def _accepted_reader(body: bytes) -> RunReader:
    """What cuts runs of deliver_sm_resp with this body."""
    size = HEADER_SIZE + len(body)
    head = size.to_bytes(4, "big") + _DELIVER_SM_RESP.to_bytes(4, "big") + bytes(4)
    match = re.compile(rb"(?:%b....%b)+" % (re.escape(head), re.escape(body)), re.DOTALL).match
    sequences_of = Struct(f">12xI{len(body)}x").iter_unpack
    places = [*range(3, 12), *range(HEADER_SIZE, size), 0, 1, 2]  # those first that say most

    def read(octets: bytes, first: int) -> tuple[Run, int] | None:
        if not octets.startswith(head, first + (_WORTHWHILE - 1) * size):  # they are few
            found = match(octets, first)
            if found is None:
                return None
            return AcceptedRun(tuple(chain.from_iterable(sequences_of(found[0]))), found[0]), found.end()
        if not octets.startswith(head, first) or octets[first + HEADER_SIZE : first + size] != body:
            return None
        count = alike(octets, first, size, places)
        end = first + count * size
        return AcceptedRun(unpack(f">{count}I", numbers_of(octets, first, size, count)), octets[first:end]), end

    return read


_read_accepted = _accepted_reader(b"\0")


@functools.cache
def taken_reader(version: Version) -> RunReader:
    """What cuts runs of submit_sm_resp that say yes, and the id."""
    outline = Outline(("message_id",), {}, ())
    for name, spec in CODECS[version].layouts[_SUBMIT_SM_RESP].fields:
        spec.emit_read(name, outline)
    header = rb"(....)" + re.escape(_SUBMIT_SM_RESP.to_bytes(4, "big") + bytes(4)) + rb"(....)"
    match = re.compile(header + outline.pattern, re.DOTALL).match

    def read(octets: bytes, first: int) -> tuple[Run, int] | None:
        numbers: list[bytes] = []
        ids: list[bytes] = []
        at = first
        while (found := match(octets, at)) is not None:
            length, number, message_id = found.groups()
            end = found.end()
            if length != _LENGTHS[end - at]:
                break
            if not len(ids) % _ASK and promising(octets, at, end):
                one, name = end - at, found.start(3) - at
                count = alike(octets, at, one, (3, 7, one - 1, *range(_NUMBER)), range(name, one - 1))
                numbers.append(numbers_of(octets, at, one, count))
                ids += parts(octets, at, one, count, (name, one - 1))[0]
                at += one * count
                continue
            numbers.append(number)
            ids.append(message_id[:-1])
            at = end
        if not numbers:
            return None
        sequences = list(unpack(f">{len(ids)}I", b"".join(numbers)))
        return TakenRun(sequences, _strings(ids), octets[first:at]), at

    return read


def _strings(octets: Sequence[bytes]) -> list[str]:
    """Strings of PDUs, given without their NULs."""
    return b"\0".join(octets).decode("latin-1").split("\0")


@functools.cache
def receipt_reader(version: Version) -> RunReader:
    """What cuts runs of receipts, by the hundred at most: who waits for one of them is not to wait for all of a read.

    TLVs may follow that say the id of the text once more, and a state, which has the last word.
    """
    outline = Outline(
        ("source_addr", "destination_addr", "data_coding", "sm_length"), {"esm_class": (RECEIPT_TYPE,)}, ()
    )
    for name, spec in CODECS[version].layouts[_DELIVER_SM].fields:
        spec.emit_read(name, outline)
    header = rb"(....)" + re.escape(_DELIVER_SM.to_bytes(4, "big")) + rb"....(....)"
    match = re.compile(header + outline.pattern + CANONICAL, re.DOTALL).match
    match_tlvs = _RECEIPT_TLVS.match if CODECS[version].tlvs else None
    number = int.from_bytes

    def read(octets: bytes, first: int) -> tuple[Run, int] | None:
        starts: list[int] = []
        sequences: list[bytes] = []
        sources: list[bytes] = []
        destinations: list[bytes] = []
        ids: list[bytes] = []
        middles: list[Middle] = []
        words: list[bytes] = []
        codings: list[int] = []
        states: list[MessageState | None] = []
        at, size = first, len(octets)
        while len(starts) < _RECEIPTS and (found := match(octets, at)) is not None:
            length, sequence, source, destination, coding, sm_length, text_id, fields = found.groups()
            begin, end = found.end(), found.end(6) + sm_length[0]
            middle = middle_of(fields)
            if middle is None or not begin <= end <= size:
                break
            text, state, again = octets[begin:end], None, None
            behind = end
            if length != _LENGTHS[end - at]:
                again = None if match_tlvs is None else match_tlvs(octets, end)
                if again is None or number(length, "big") != again.end() - at or again[2] != text_id:
                    break
                state = _STATES.get(again[3][0])
                if state is None or again[1][0] != len(text_id) + 1:
                    break
                behind = again.end()
            starts.append(at - first)
            sequences.append(sequence)
            sources.append(source[:-1])
            destinations.append(destination[:-1])
            ids.append(text_id)
            middles.append(middle)
            words.append(text)
            codings.append(coding[0])
            states.append(state)
            count = 0
            if len(starts) % _ASK == 1 and promising(octets, at, behind):
                places = [found.span(2), (found.start(3), found.end(3) - 1), found.span(7), found.span(8), (begin, end)]
                if again is not None:
                    places.append(again.span(2))
                more = columns(octets, at, behind, places, _receipts_fit, _RECEIPTS - len(starts))
                if count := len(more[0]):
                    starts += range(behind - first, behind - first + count * (behind - at), behind - at)
                    sequences += more[0]
                    sources += more[1]
                    destinations += [destinations[-1]] * count
                    ids += more[2]
                    middles += [it for each in more[3] if (it := middle_of(each)) is not None]  # as all of them fit
                    words += more[4]
                    codings += coding * count
                    states += [state] * count
            at = behind + count * (behind - at)
        if not starts:
            return None
        said = SaidOfMany.of(ids, middles, words, codings, states)
        frames = Frames(version, octets[first:at], starts)
        return ReceiptRun(frames, sequences, _strings(sources), _strings(destinations), said), at

    return read


def _receipts_fit(places: Columns) -> bool:
    """Whether source addresses, ids and fields, which stand behind sequence numbers, are plain."""
    _, sources, ids, fields, _, *again = places
    return (
        b"\0" not in b"".join(sources)
        and not b"".join(ids).translate(None, ID_CHARACTERS)
        and None not in map(middle_of, set(fields))
        and (not again or again[0] == ids)
    )


def esme_readers(version: Version) -> dict[int, RunReader]:
    """What cuts runs for an ESME, by command_id."""
    return {_SUBMIT_SM_RESP: taken_reader(version), _DELIVER_SM: receipt_reader(version)}


def run_readers(version: Version, apart: Callable[[], Apart | None]) -> dict[int, RunReader]:
    """What cuts runs for an SMSC, by command_id; see `submit_reader`."""
    return {_SUBMIT_SM: submit_reader(version, apart), _DELIVER_SM_RESP: _read_accepted}
