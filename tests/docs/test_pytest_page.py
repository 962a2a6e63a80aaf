"""The tests on docs/pytest.md are run, by pytest, with the plugin; each kind of them in a session of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, of_kind

# Other plugins that happen to be installed here would only take their time.
QUIET = ["cacheprovider", "hypothesispytest", "faker", "anyio", "locust"]
KINDS = {
    "python pytest": ["-W", "error", "-p", "no:twisted", "-p", "no:asyncio"],
    "python pytest-asyncio": ["-p", "no:twisted"],
    "python pytest-twisted": ["-p", "no:asyncio", "--reactor=asyncio"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_tests_on_the_page_pass(kind: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    shutil.copy(ROOT / "tests" / "docs" / "shop.py", tmp_path)
    (operators,) = [block for block in of_kind("yaml serve") if block.page.name == "pytest.md"]
    (tmp_path / "operators.yaml").write_text(operators.text)
    (conftest,) = of_kind("python conftest")
    (tmp_path / "conftest.py").write_text(conftest.text)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    blocks = of_kind(kind)
    for block in blocks:
        (tmp_path / f"test_line_{block.line}.py").write_text(block.text)
    tests = sum(len(re.findall(r"^(?:async )?def test_", block.text, re.MULTILINE)) for block in blocks)
    options = [option for plugin in QUIET for option in ("-p", f"no:{plugin}")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, *KINDS[kind]],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert tests >= 1
    assert f"\n{tests} passed in" in result.stdout, result.stdout + result.stderr
