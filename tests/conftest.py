"""Settings of the whole suite."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("carrierlab", deadline=None)
settings.load_profile("carrierlab")

pytest_plugins = ["pytester"]  # sessions of their own, for the tests of our plugin; pytest wants it said here


@pytest.fixture(scope="session", autouse=True)
def quick_digests() -> Iterator[None]:
    """A sender digests its passwords at every start, slowly on purpose; programs that tests start still do."""

    def digest(octets: bytes, *, salt: bytes, dklen: int, **cost: int) -> bytes:
        return hashlib.sha256(salt + octets).digest()[:dklen]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashlib, "scrypt", digest)
        yield
