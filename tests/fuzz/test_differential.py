"""The comparison with other programs: its allow-list is sound, it agrees, and what nobody explains fails."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.fuzz.scripts import ROOT, script

differential = script("differential")
PROGRAMS = differential.PROGRAMS
Refused = differential.Refused


def test_every_known_disagreement_is_explained_and_can_be_matched() -> None:
    known = differential.disagreements()
    assert len({entry.name for entry in known}) == len(known)
    for entry in known:
        assert entry.program in PROGRAMS, entry.name
        assert entry.name.startswith(entry.program), entry.name
        assert len(entry.why) > 40, entry.name
        for pattern in (entry.pdu, entry.field, entry.ours, entry.theirs, entry.both):
            re.compile(pattern)
        assert entry.pdu + entry.ours + entry.theirs + entry.field != ".*" * 4, f"{entry.name} explains everything"


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_other_programs_see_is_the_same_or_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if missing := PROGRAMS[name]().missing():
        pytest.skip(f"{name}: {missing}")
    assert differential.main(["--count", "400", "--program", name]) == 0, capsys.readouterr().out
    printed = capsys.readouterr().out
    assert re.match(rf"{re.escape(name)}: 4\d\d PDUs, \d+ the same, \d+ differences explained, 0 not\n", printed)


class Liar:
    """Sees another sequence number, and refuses unbind."""

    name = "liar"
    versions = ("3.4",)

    def missing(self) -> str:
        return ""

    def read(self, pdus: Sequence[bytes]) -> Iterator[Any]:
        for octets in pdus:
            if octets[7] == 0x06:
                yield Refused("no unbinding")
            else:
                yield {"command_status": octets[8:12], "sequence_number": b"\0\0\0\7"}


def test_a_difference_that_nobody_explains_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(PROGRAMS, "liar", Liar)
    monkeypatch.setattr(differential, "SHOWN", 10_000)
    assert differential.main(["--count", "100", "--program", "liar"]) == 1
    printed = capsys.readouterr().out
    assert "field='sequence_number'" in printed
    assert "theirs='no unbinding'" in printed


def test_a_difference_is_explained_by_all_parts_of_an_entry() -> None:
    entry = differential.Disagreement("n", "tshark", "submit_sm", "tlv 0x.*", "00", "absent", "(0).*", "why")
    seen = differential.Difference("tshark", "3.4", "submit_sm", "tlv 0x0204", "00", "absent")
    assert entry.explains(seen)
    others: list[dict[str, Any]] = [{"program": "smpplib"}, {"pdu": "submit_sm_resp"}, {"field": "tlvs"}]
    for other in (*others, {"ours": "000"}, {"theirs": ""}):
        assert not entry.explains(seen._replace(**other))


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed here")
def test_tshark_finds_nothing_wrong_in_the_sound_pdus_but_its_own_faults() -> None:
    corpus = sorted((ROOT / "tests" / "fuzz" / "corpus").glob("decoder-[35].[40]-*.bin"))
    octets = [path.read_bytes() for path in corpus]
    readings = zip(corpus, PROGRAMS["tshark"]().read(octets), strict=True)
    refused = {re.sub(r"decoder-...-", "", path.stem) for path, seen in readings if isinstance(seen, Refused)}
    assert refused <= {"broadcast_sm", "rich-4", "rich-5"}, refused
