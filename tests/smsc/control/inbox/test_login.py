"""Where a token is asked for: people give it once on a page, and the page of the inbox works as everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from selenium.webdriver import Chrome

from tests.smsc.control.inbox.browser import Tab
from tests.smsc.control.inbox.emulator import Emulator

TOKEN = "open-sesame"


def test_the_token_opens_the_inbox_and_a_wrong_one_may_be_tried_again(
    chromium: Chrome, serve: Callable[..., Emulator], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    emulator = serve("--port", 0, "--token-file", tmp_path / "token")
    tab = Tab(chromium, emulator.url)
    chromium.get(emulator.url)
    tab.until(lambda: chromium.current_url.endswith("/login"))
    tab.type("input[name=token]", "open-cinnamon")
    tab.click("button")
    tab.wait("[role=alert]", "this is not the token of this emulator")
    tab.type("input[name=token]", TOKEN)
    tab.click("button")
    tab.wait("body", "No messages yet")
    emulator.bind().submit("Your code is 4711")
    tab.wait("body", "Your code is 4711")
