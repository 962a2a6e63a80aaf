"""The examples of docs/clients.md: run where the language is there, against an emulator that they start themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT

EXAMPLES = ROOT / "docs" / "examples"
LIMIT = 120.0


def run(directory: Path, *command: str, **environment: str) -> str:
    """What a command printed; a failure shows it. `smsc` is ours."""
    smsc = directory / "smsc"
    smsc.write_text(f'#!/bin/sh\nexec {sys.executable} -c \'from smsc.cli import main; main(prog_name="smsc")\' "$@"\n')
    smsc.chmod(0o755)
    path = {"PATH": f"{directory}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(directory)}
    result = subprocess.run(
        command, cwd=directory, env={**os.environ, **path, **environment}, capture_output=True, text=True, check=False,
        timeout=LIMIT,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def needs(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def copy(directory: Path, *names: str) -> None:
    for name in names:
        shutil.copy(EXAMPLES / name, directory)


def test_node(tmp_path: Path) -> None:
    needs("node")
    modules = os.environ.get("NODE_PATH", "")
    if not (Path(modules or "/nowhere") / "smpp").is_dir():
        pytest.skip("the npm package smpp is not in NODE_PATH")
    copy(tmp_path, "node/sms.test.mjs", "node/package.json")
    (tmp_path / "node_modules").symlink_to(modules)
    assert "# pass 1" in run(tmp_path, "node", "--test", "--test-reporter=tap")


@pytest.mark.parametrize("name", ["sms.test.mjs", "container.mjs"])
def test_node_can_read_it(name: str, tmp_path: Path) -> None:
    needs("node")
    copy(tmp_path, f"node/{name}")
    run(tmp_path, "node", "--check", name)


def test_java(tmp_path: Path) -> None:
    needs("java", "javac")
    copy(tmp_path, "java/SmsTest.java")
    assert "passed: an order is confirmed" in run(tmp_path, "java", "SmsTest.java")


def test_go(tmp_path: Path) -> None:
    needs("go")
    copy(tmp_path, "go/sms_test.go")
    environment = {"GO111MODULE": "off", "GOCACHE": str(tmp_path / "cache"), "GOFLAGS": ""}
    assert run(tmp_path, "go", "test", "sms_test.go", **environment).startswith("ok")


def test_php(tmp_path: Path) -> None:
    needs("php")
    copy(tmp_path, "php/sms_test.php")
    assert "passed: an order is confirmed" in run(tmp_path, "php", "sms_test.php")


def test_python_compiles() -> None:
    source = (EXAMPLES / "python" / "test_sms.py").read_text()
    compile(source, "test_sms.py", "exec")


def test_every_example_is_shown_on_a_page() -> None:
    shown = "".join(page.read_text() for page in (ROOT / "docs" / "clients.md", ROOT / "docs" / "ci.md"))
    for file in EXAMPLES.rglob("*"):
        if file.is_file() and file.name != "package.json":
            assert f" FILE docs/examples/{file.relative_to(EXAMPLES)}\n" in shown, file
