"""The lock of the fuzzing environment: pinned, hashed, of one mind with the others, and naming no source."""

from __future__ import annotations

import re
from pathlib import Path

from tests.tooling.test_locks import REGISTRY_HOSTS, normal, requirements

ROOT = Path(__file__).parents[2]
LOCK = "requirements-fuzz.lock"


def test_every_requirement_is_pinned_has_hashes_and_agrees_with_the_development_lock() -> None:
    development = requirements("requirements-dev.lock")
    for name, (version, hashes) in requirements(LOCK).items():
        assert hashes, name
        assert development.get(name, (version,))[0] == version, name


def test_it_names_no_index_host_or_path() -> None:
    text = (ROOT / LOCK).read_text()
    for word in ("://", "--index", "--find-links", "--trusted-host", "file:", "@ ", *REGISTRY_HOSTS):
        assert word not in text, word


def test_what_fuzzing_asks_for_is_locked() -> None:
    wanted = (ROOT / "tests" / "fuzz" / "requirements.in").read_text()
    found = requirements(LOCK)
    for name in re.findall(r"^[a-z][\w.-]*", wanted, re.MULTILINE):
        assert normal(name) in found, name
