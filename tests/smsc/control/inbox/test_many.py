"""A hundred thousand messages: no more elements than for a hundred, any place at once, and a search that answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from twisted.internet.task import Clock

from smppkit.pdus import SubmitSm
from smsc.journal.journal import Journal
from smsc.journal.records import Message
from tests.smsc.control.inbox.browser import Tab
from tests.smsc.control.inbox.emulator import Emulator

MANY = 100_000
BEGAN = 1_767_225_600.0
ELEMENTS = 700
BANK = range(80_001, 95_001)


SETTLED = (
    "const list = document.querySelector('.list'), rows = [...list.querySelectorAll('.row:not([hidden])')];"
    "return rows.some((row) => row.place === Math.floor(list.scrollTop / 40))"
    " && !rows.some((row) => row.matches('.coming')) && !document.querySelector('[aria-busy=true]')"
)
IN_ORDER = (
    "return [...document.querySelectorAll('.row:not([hidden])')]"
    ".sort((one, other) => one.place - other.place).map((row) => row.querySelector('.text').textContent)"
)


def account(number: int) -> str:
    """Whose a message is: all of the bank's came in one go."""
    return "bank" if number in BANK else "shop"


def fill(path: Path) -> None:
    """A journal with that many messages, one each second, all delivered."""
    journal = Journal.open(path, clock=Clock())
    for number in range(1, MANY + 1):
        at = BEGAN + number
        submit = SubmitSm(
            source_addr="SHOP", destination_addr=f"7701{number:07d}", short_message=b"message number %d" % number
        )
        journal.message(
            Message(
                at,
                "smsc",
                account(number),
                1,
                submit,
                0,
                number,
                f"{number:x}",
                "DELIVRD",
                "000",
                "ENROUTE",
                settles_at=at + 1,
            )
        )
    journal.close()


def test_a_hundred_thousand_messages(
    tab_of: Callable[[Emulator], Tab], serve: Callable[..., Emulator], tmp_path: Path
) -> None:
    path = tmp_path / "journal.sqlite"
    fill(path)
    emulator = serve("--port", 0, "--journal", path)
    tab = tab_of(emulator)
    tab.open()
    tab.wait(".search-said", "100,000 messages")
    tab.wait(".row:not([hidden]) .text", f"message number {MANY}")

    def elements() -> int:
        return int(tab.js("return document.querySelectorAll('*').length"))

    def scroll(place: int) -> list[int]:
        """The numbers of the messages in sight at a place: each one less than the one before."""
        tab.js("const l = document.querySelector('.list'); l.scrollTop = arguments[0] * 40", place)
        tab.until(lambda: tab.js(SETTLED))
        numbers = [int(text.rpartition(" ")[2]) for text in tab.js(IN_ORDER)]
        assert numbers == list(range(numbers[0], numbers[0] - len(numbers), -1))
        assert elements() < ELEMENTS
        return numbers

    assert 50_000 in scroll(50_000)
    assert 1 in scroll(MANY)
    assert MANY - 12_345 in scroll(12_345)
    assert scroll(0)[0] == MANY
    assert tab.js("return document.querySelector('.list').scrollHeight") == MANY * 40

    tab.type("#search", "system_id:bank")
    tab.wait(".search-said", "15,000 messages found")
    assert BANK[len(BANK) // 2] in scroll(len(BANK) // 2)
    assert BANK[0] in scroll(len(BANK))
    assert scroll(0)[0] == BANK[-1]

    tab.type("#search", "number 77777")
    tab.until(lambda: tab.texts(".row:not([hidden]) .text") == ["message number 77777"])
    tab.type("#search", "to:77010012345")
    tab.until(lambda: tab.texts(".row:not([hidden]) .text") == ["message number 12345"])
    tab.js("const s = document.querySelector('#search'); s.value = ''; s.dispatchEvent(new Event('input'))")
    tab.wait(".search-said", "100,000 messages")
    emulator.bind().submit("the newest of all", receipt=0)
    tab.wait(".search-said", "100,001 messages")
    tab.wait(".row:not([hidden]) .text", "the newest of all")
    assert elements() < ELEMENTS
