"""Every file of the corpus through everything that reads input: sound PDUs and streams, and all that fuzzing found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smppkit.codec import CODECS
from smppkit.states import Version
from tests.fuzz.targets import TARGETS, Target

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
FILES = {path.name: path.read_bytes() for path in sorted(CORPUS.glob("*.bin"))}
VERSIONS = {"3.3": Version.V33, "3.4": Version.V34, "5.0": Version.V50}


@pytest.mark.parametrize("name", TARGETS)
def test_no_file_of_the_corpus_breaks_a_promise(name: str) -> None:
    target: Target = TARGETS[name]
    for file, octets in FILES.items():
        try:
            target(octets)
        except Exception as error:
            error.add_note(f"the file is {file}")
            raise


def test_a_stream_may_be_cut_at_every_octet() -> None:
    stream = TARGETS["stream"]
    for file, octets in FILES.items():
        if file.startswith("stream-"):
            for size in range(17):
                stream(octets[:1] + bytes((size,)) + octets[2:])


def test_every_pdu_of_every_version_is_there_and_sound() -> None:
    for label, version in VERSIONS.items():
        codec = CODECS[version]
        seen = set()
        for file, octets in FILES.items():
            if file.startswith(f"decoder-{label}-"):
                pdu = codec.decode(octets)
                assert codec.encode(pdu) == octets, file
                seen.add(pdu.command_id)
        assert seen == set(codec.layouts)


def test_every_target_has_files_and_all_are_small() -> None:
    for name in TARGETS:
        assert any(file.startswith(f"{name}-") for file in FILES), name
    assert len(FILES) < 300
    assert sum(map(len, FILES.values())) < 300 * 1024


def test_the_corpus_is_what_its_script_makes(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "scripts/make_corpus.py", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    made = {path.name: path.read_bytes() for path in tmp_path.glob("*.bin")}
    assert made == {file: octets for file, octets in FILES.items() if not file.startswith("regression-")}
