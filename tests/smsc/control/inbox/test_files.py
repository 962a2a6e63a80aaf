"""The files of the page, without a browser: nothing inline, nothing from elsewhere, no text ever parsed as HTML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import smsc.control
from smppkit.gsm0338 import try_encode_gsm7

INBOX = Path(smsc.control.__file__).parent / "inbox"
SCRIPTS = sorted(INBOX.rglob("*.js"))
STYLES = sorted(INBOX.rglob("*.css"))
PARSERS = (
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "DOMParser",
    "createContextualFragment",
    "setHTML",
    "eval(",
    "new Function",
)


def test_there_are_scripts_and_styles() -> None:
    assert len(SCRIPTS) > 15
    assert len(STYLES) > 3


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_parses_text_as_html_or_code(path: Path) -> None:
    source = path.read_text()
    assert [word for word in PARSERS if word in source] == []
    assert not re.search(r'setAttribute\(\s*"style"', source), "the policy refuses style attributes"


@pytest.mark.parametrize(
    "path", [*SCRIPTS, *STYLES, INBOX / "index.html", INBOX / "icon.svg"], ids=lambda path: path.name
)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    addresses = set(re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s\"']*", path.read_text()))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert "@import" not in path.read_text()


def test_the_page_has_nothing_inline() -> None:
    page = (INBOX / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert "<style" not in page
    assert re.findall(r"\son\w+=|\sstyle=", page) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_what_a_script_imports_is_there(path: Path) -> None:
    for name in re.findall(r'from "(\.[^"]+)"', path.read_text()):
        assert (path.parent / name).resolve().is_file(), name


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=lambda path: path.name)
def test_files_hold_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_the_reply_box_knows_the_same_alphabet() -> None:
    source = (INBOX / "smstext.js").read_text()
    basic = re.search(r'BASIC = new Set\(\s*"((?:[^"\\]|\\.)*)"', source)
    extended = re.search(r'EXTENDED = new Set\("((?:[^"\\]|\\.)*)"', source)
    assert basic is not None
    assert extended is not None
    written = {
        name: found[1]
        .replace('\\"', '"')
        .replace("\\n", "\n")
        .replace("\\r", "\r")
        .replace("\\f", "\f")
        .replace("\\\\", "\\")
        for name, found in (("basic", basic), ("extended", extended))
    }
    for character in map(chr, range(0x10000)):
        if 0xD800 <= ord(character) < 0xE000:
            continue
        octets = try_encode_gsm7(character)
        length = 0 if octets is None else len(octets)
        known = 1 if character in written["basic"] else 2 if character in written["extended"] else 0
        assert known == length, (hex(ord(character)), character)
