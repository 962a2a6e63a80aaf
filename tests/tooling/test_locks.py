"""The locks: every package pinned and hashed, nothing said of where it comes from."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
# Split, so that this file does not name what it looks for.
REGISTRY_HOSTS = [
    "pypi" + ".org",
    "python" + "hosted",
    "docker" + ".io",
    "ghcr" + ".io",
    "quay" + ".io",
    "simple" + "/",
]
HOME_PATHS = re.compile(r"/(?:root|home/\w+|Users/\w+)" + r"/")


def requirements(lock: str) -> dict[str, tuple[str, list[str]]]:
    """Name → (version, hashes) of every requirement in `lock`."""
    found: dict[str, tuple[str, list[str]]] = {}
    joined = (ROOT / lock).read_text().replace("\\\n", " ")
    for line in joined.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.match(r"([a-z0-9-]+)==(\S+)(?: ; [^-]+?)?((?:\s+--hash=sha256:[0-9a-f]{64})*)\s*$", line)
        assert match is not None, line[:200]
        found[match[1]] = (match[2], match[3].split())
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", name)[0]).lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_has_hashes(lock: str) -> None:
    found = requirements(lock)
    assert len(found) > 20
    for name, (version, hashes) in found.items():
        assert re.match(r"\d", version), name
        assert hashes, name


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_host_or_path(lock: str) -> None:
    text = (ROOT / lock).read_text()
    for word in ("://", "--index", "--extra-index", "--find-links", "--trusted-host", "file:", "@ ", *REGISTRY_HOSTS):
        assert word not in text, word
    assert not re.search(r"(?:^|\s)[/~]\w", text), "a path"


def test_the_locks_agree() -> None:
    runtime, dev = (requirements(lock) for lock in LOCKS)
    assert {name: dev.get(name) for name in runtime} == runtime


def test_what_the_project_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime, dev = (requirements(lock) for lock in LOCKS)
    for wanted in [*project["project"]["dependencies"], *project["build-system"]["requires"]]:
        assert normal(wanted) in runtime, wanted
    for group in [*project["dependency-groups"].values(), *project["project"]["optional-dependencies"].values()]:
        for wanted in group:
            assert normal(wanted) in dev, wanted


def repository_files() -> Iterator[Path]:
    """The files of the repository: what git tracks or would track, or all but the caches where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        yield from (path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file())
    except (OSError, subprocess.CalledProcessError):
        for path in ROOT.rglob("*"):
            if path.is_file() and not any(part.startswith((".", "__")) for part in path.relative_to(ROOT).parts[:-1]):
                yield path


def test_no_file_names_a_registry_or_somebodys_home() -> None:
    count = 0
    for path in repository_files():
        count += 1
        text = path.read_text(errors="replace")
        for host in REGISTRY_HOSTS:
            assert host not in text, f"{path.relative_to(ROOT)} names {host}"
        assert not HOME_PATHS.search(text), f"{path.relative_to(ROOT)} names a home directory"
    assert count > 50
