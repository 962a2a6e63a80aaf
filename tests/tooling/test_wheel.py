"""The wheel holds all that runs and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling.build import build_wheel

ROOT = Path(__file__).parents[2]
SHIPPED = (".py", ".yaml", ".typed", ".html", ".js", ".css", ".svg")


def test_the_wheel_has_the_packages_with_their_data_and_the_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    wheel = tmp_path / build_wheel(str(tmp_path))
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        scripts = next(name for name in names if name.endswith("entry_points.txt"))
        entry_points = archive.read(scripts).decode()
    packages = [path.parent for path in ROOT.glob("*/py.typed")]
    for package in packages:
        for path in package.rglob("*"):
            if path.is_file() and path.suffix in SHIPPED:
                assert str(path.relative_to(ROOT)) in names
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {package.name for package in packages}
    for program in ("carrierlab", "smsc", "sender"):
        assert f"{program} = {program}.cli:main" in entry_points
    assert "[pytest11]\ncarrierlab = carrierlab.pytest_plugin" in entry_points
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_pytest_finds_the_plugin_and_is_not_needed_to_run() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"carrierlab": "carrierlab.pytest_plugin"}
    assert not [requirement for requirement in project["dependencies"] if requirement.startswith("pytest")]
    imports = "import sys, carrierlab.cli, carrierlab.client, carrierlab.background.emulator"
    subprocess.run([sys.executable, "-c", f"{imports}; sys.exit('pytest' in sys.modules)"], check=True, timeout=60)
