"""The plugin itself: options, and that it costs nothing where nobody asks for it."""

from __future__ import annotations

import pytest

from tests.carrierlab.plugin.conftest import Run

HEAVY = (
    "carrierlab.plugin",
    "carrierlab.api",
    "carrierlab.background",
    "carrierlab.client",
    "smsc",
    "smppkit",
    "sender",
    "twisted",
    "httpx",
    "litestar",
    "msgspec",
)


def test_nothing_heavy_is_imported_before_a_test_asks_for_a_fixture(inner_process: Run) -> None:
    result = inner_process(
        f"""
        import sys

        def test_without_the_fixture():
            heavy = {HEAVY!r}
            loaded = [name for name in sys.modules if name.startswith(heavy)]
            assert "carrierlab.pytest_plugin" in sys.modules
            assert not loaded, loaded
        """
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--smsc", "proces"], '--smsc: found "proces"; expected process, subprocess or a URL'),
        (["--smsc-port", "2775"], "--smsc-port goes with the URL of an emulator"),
    ],
)
def test_options_that_cannot_be_are_refused_before_any_test_runs(inner: Run, options: list[str], words: str) -> None:
    result = inner("def test_it(): pass", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{words}*"])


def test_the_marker_is_known_to_strict_markers(inner: Run) -> None:
    result = inner("import pytest\n@pytest.mark.smsc_scenario()\ndef test_it(): pass", "--strict-markers")
    result.assert_outcomes(passed=1)
