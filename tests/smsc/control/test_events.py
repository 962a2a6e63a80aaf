"""What happens is told to those who look on, each from where he was; and nothing is kept for nobody."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from smsc.control import events as module
from smsc.control.events import KEPT, LINGER, Listener
from tests.smsc.control.conftest import Desk
from webkit.problem import Problem


def listen(desk: Desk, last_id: str | None = None, system_id: str | None = None) -> Listener:
    return desk.control.events.listen(lambda: None, last_id, system_id)


def names(listener: Listener) -> list[str]:
    return [event.name for event in listener.news()]


def test_messages_and_binds_are_told(desk: Desk) -> None:
    listener = listen(desk)
    esme = desk.lab.bound()
    esme.submit(text="hello")
    desk.lab.run(1.1)
    events = listener.news()
    told = [(event.name, msgspec.json.decode(event.data)) for event in events]
    assert [value["what"] for name, value in told if name == "bind"] == ["opened", "bound"]
    assert [value["state"] for name, value in told if name == "message"][-1] == "DELIVRD"
    assert listener.news() == []
    esme.drop()
    assert msgspec.json.decode(listener.news()[0].data)["what"] == "closed"
    listener.close()


def test_who_comes_back_goes_on_where_he_was(desk: Desk) -> None:
    first = listen(desk)
    for number in range(4):
        desk.control.events.add("rules", number)
    last_id = desk.control.events.id_of(first.news()[1])
    first.close()
    desk.control.events.add("rules", 4)
    again = listen(desk, last_id)
    assert [event.data for event in again.news()] == [b"2", b"3", b"4"]


def test_a_gap_is_told_when_something_is_not_known_any_more(desk: Desk) -> None:
    first = listen(desk)
    desk.control.events.add("rules", 0)
    last_id = desk.control.events.id_of(first.news()[0])
    for number in range(KEPT + 5):
        desk.control.events.add("rules", number)
    events = first.news()
    assert (events[0].name, len(events)) == ("gap", KEPT + 1)
    assert names(listen(desk, last_id))[0] == "gap"
    assert names(listen(desk, "of-another-run-17")) == ["gap"]
    assert names(listen(desk, "nonsense")) == ["gap"]


def test_nothing_is_kept_a_minute_after_the_last_one_has_gone(desk: Desk) -> None:
    listener = listen(desk)
    desk.control.events.add("rules", 0)
    last_id = desk.control.events.id_of(listener.news()[0])
    listener.close()
    desk.lab.run(LINGER - 1, step=1)
    desk.control.events.add("rules", 1)
    listener = listen(desk, last_id)
    assert names(listener) == ["rules"]
    listener.close()
    desk.lab.run(LINGER + 1, step=1)
    desk.control.events.add("rules", 2)
    assert desk.lab.journal is not None
    assert desk.lab.journal._watchers == []
    assert names(listen(desk, last_id)) == ["gap"]


def test_what_concerns_another_account_is_not_told(desk: Desk) -> None:
    everything, shop = listen(desk), listen(desk, system_id="shop")
    for system_id in ("shop", "bank", None):
        desk.control.events.add("message", system_id, system_id)
    assert [event.data for event in shop.news()] == [b'"shop"', b"null"]
    assert len(everything.news()) == 3


def test_only_so_many_may_look_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LISTENERS", 1)
    listen(desk)
    with pytest.raises(Problem, match="1 others look on already"):
        listen(desk)
    assert desk.control.events.refused == 1


def test_everybody_is_woken_when_the_emulator_stops(desk: Desk) -> None:
    woken: list[Any] = []
    listener = desk.control.events.listen(lambda: woken.append(desk.control.events.stopped), None, None)
    desk.control.stop()
    assert woken == [True]
    listener.close()
