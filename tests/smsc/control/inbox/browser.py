"""A headless Chromium, and one tab of it: what is on the page, what is done to it, what its console says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium.webdriver import Chrome, Keys
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 20  # seconds until a condition that does not come true fails the test
T = TypeVar("T")

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--hide-scrollbars",
    "--lang=en-GB",
)


def missing() -> str | None:
    """What is not there that a browser needs; None when all is."""
    for variable, name in (("CHROMIUM", "chromium"), ("CHROMEDRIVER", "chromedriver")):
        if shutil.which(os.environ.get(variable, name)) is None:
            return f"{os.environ.get(variable, name)} is not installed; scripts/browser installs it on Debian"
    return None


def start(profile: Path) -> Chrome:
    options = Options()
    options.binary_location = str(shutil.which(os.environ.get("CHROMIUM", "chromium")))
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return Chrome(options=options, service=Service(shutil.which(os.environ.get("CHROMEDRIVER", "chromedriver"))))


class Tab:
    """The page at `url`. `allowed` are parts of console messages that a test brings about on purpose."""

    def __init__(self, driver: Chrome, url: str) -> None:
        self.driver = driver
        self.url = url
        self.allowed: list[str] = []

    def open(self, place: str = "#/messages") -> Tab:
        """The page anew, at a place of it."""
        self.driver.get("about:blank")
        self.driver.get(self.url + place)
        self.until(lambda: self.js("return document.querySelector('#view')?.childElementCount > 0"))
        return self

    def go(self, place: str) -> None:
        self.js("location.hash = arguments[0]", place)

    def size(self, width: int, height: int) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def media(self, **features: str) -> None:
        """Media features, with _ for -: prefers_color_scheme="dark"."""
        asked = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": asked})

    def js(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def until(self, condition: Callable[[], T]) -> T:
        """What a condition gives as soon as it is true of the page."""
        return WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05).until(lambda _: condition())

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def texts(self, css: str) -> list[str]:
        """The text content of what is shown, read at one instant."""
        found: list[str] = self.js(
            "return [...document.querySelectorAll(arguments[0])]"
            ".filter((e) => e.checkVisibility()).map((e) => e.textContent)",
            css,
        )
        return found

    def wait(self, css: str, text: str = "") -> WebElement:
        """The first element that is shown and has a text in it."""
        return self.until(
            lambda: self.js(
                "return [...document.querySelectorAll(arguments[0])]"
                ".find((e) => e.checkVisibility() && e.textContent.includes(arguments[1]))",
                css,
                text,
            )
        )

    def click(self, css: str, text: str = "") -> None:
        """Click what is there; by script, since lists are drawn anew while they are looked at."""
        self.until(
            lambda: self.js(
                "const found = [...document.querySelectorAll(arguments[0])]"
                ".find((e) => e.checkVisibility() && e.textContent.includes(arguments[1]));"
                " found?.click(); return !!found",
                css,
                text,
            )
        )

    def type(self, css: str, text: str) -> None:
        element = self.wait(css)
        element.clear()
        element.send_keys(text)

    def press(self, *keys: str) -> None:
        """Keys to whatever has the focus."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def escape(self) -> None:
        self.press(Keys.ESCAPE)

    def complaints(self) -> list[str]:
        """What the console has said since the last call, but for what is allowed."""
        said = [f"{entry['level']}: {entry['message']}" for entry in self.driver.get_log("browser")]
        return [line for line in said if not any(part in line for part in self.allowed)]
