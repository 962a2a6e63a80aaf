"""A start loads nothing that only a look needs, and what cannot be served is said before anything else is done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smsc.control.serving import ControlError, listen, read_token
from webkit.address import HttpAddress

HEAVY = ("litestar", "uvicorn", "httpx", "prometheus_client", "sqlite_utils")


def test_a_start_loads_nothing_heavy() -> None:
    code = (
        "import sys, smsc.commands.serve, smsc.commands.http_option, smsc.control.serving, smsc.app;"
        "import smsc.journal.journal;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_a_token_comes_from_the_file_or_else_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text(" of-the-file\n")
    monkeypatch.setenv("SMSC_TOKEN", "of-the-environment")
    assert (read_token(file), read_token(None)) == ("of-the-file", "of-the-environment")
    monkeypatch.setenv("SMSC_TOKEN", "")
    assert read_token(None) is None


@pytest.mark.parametrize("text", [b"", b"short", b"with a space", b"\xff" * 20, "пароль-пароль".encode()])
def test_what_is_no_token_is_refused(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(text)
    with pytest.raises(ControlError, match="token"):
        read_token(file)


def test_where_others_can_reach_us_a_token_is_needed() -> None:
    with pytest.raises(ControlError, match="a token is needed; set SMSC_TOKEN or --token-file"):
        listen(HttpAddress("0.0.0.0", 0), None)  # noqa: S104 - refused
