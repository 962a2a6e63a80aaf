"""The suppression list in the store."""

import msgspec
import pytest

from sender.domain.message import MessageClass
from sender.domain.scope import ScopeError, read_scope, scopes_of
from sender.store.sqlite import SqliteStore
from sender.store.suppression import Suppressed
from tests.sender.store.kit import Runner

NUMBER = 77051234567


def entry(number: int = NUMBER, scope: str = "advertising", source: str = "person", at: float = 1.0) -> Suppressed:
    return Suppressed(number, scope, source, "asked on the phone", "no more, please", at)


def test_an_entry_is_added_once_and_the_first_one_stays(store: SqliteStore, run: Runner) -> None:
    assert len(run(store.suppression.add, [entry(), entry(at=2.0), entry(scope="all")])) == 2
    assert [(it.scope, it.at) for it in store.suppression.entries(NUMBER)] == [("advertising", 1.0), ("all", 1.0)]
    assert store.suppression.scopes() == [("advertising", 1), ("all", 1)]


def test_what_is_removed_stays_in_the_history(store: SqliteStore, run: Runner) -> None:
    run(store.suppression.add, [entry()])
    removed = run(lambda: store.suppression.remove(NUMBER, source="person", reason="came back", at=9.0))
    assert [(it.change, it.scope) for it in removed] == [("removed", "advertising")]
    assert list(store.suppression.entries()) == []
    history = store.suppression.history(NUMBER)
    assert [(it.change, it.reason, it.text, it.at) for it in history] == [
        ("added", "asked on the phone", "no more, please", 1.0),
        ("removed", "came back", "", 9.0),
    ]


def test_only_one_scope_or_one_source_may_be_removed(store: SqliteStore, run: Runner) -> None:
    run(store.suppression.add, [entry(), entry(scope="all", source="registry"), entry(scope="from:SHOP")])
    run(lambda: store.suppression.remove(NUMBER, "from:SHOP", source="person", at=9.0))
    run(lambda: store.suppression.remove(NUMBER, only_source="registry", source="person", at=9.0))
    assert [it.scope for it in store.suppression.entries()] == ["advertising"]


def test_a_consent_is_kept_on_record(store: SqliteStore, run: Runner) -> None:
    run(store.suppression.consent, msgspec.structs.replace(entry(scope="all", source="web form")))
    (kept,) = store.suppression.history(NUMBER)
    assert (kept.change, kept.source, kept.text) == ("consent", "web form", "no more, please")


def test_numbers_come_in_order_and_changes_since(store: SqliteStore, run: Runner) -> None:
    run(store.suppression.add, [entry(77050000003), entry(7705000001), entry(77050000002)])
    assert list(store.suppression.numbers("advertising")) == [7705000001, 77050000002, 77050000003]
    assert store.suppression.last_change() == 3
    assert [it.number for it in store.suppression.changes_since(1, 10)] == [7705000001, 77050000002]
    assert len(store.suppression.changes_since(0, 2)) == 2


def test_scopes_are_read_as_people_write_them() -> None:
    assert [read_scope(text) for text in ("ALL", " advertising", "from: SHOP")] == ["all", "advertising", "from:SHOP"]
    for text in ("", "from:", "service"):
        with pytest.raises(ScopeError, match="expected all, advertising, or from:SENDER"):
            read_scope(text)


def test_codes_and_service_messages_are_stopped_by_all_alone() -> None:
    assert scopes_of(MessageClass.ADVERTISING, "SHOP") == ("all", "advertising", "from:SHOP")
    assert scopes_of(MessageClass.SERVICE, "SHOP") == scopes_of(MessageClass.CODE, "SHOP") == ("all",)


def test_a_number_is_asked_for_from_beside(store: SqliteStore, run: Runner) -> None:
    run(store.suppression.add, [entry(), entry(NUMBER + 1, "all"), entry(NUMBER + 2, "from:SHOP")])
    asked = store.suppression.scope_against
    assert asked(str(NUMBER), MessageClass.ADVERTISING, "SHOP") == "advertising"
    assert asked(str(NUMBER), MessageClass.CODE, "SHOP") is None
    assert asked(str(NUMBER + 1), MessageClass.CODE, "SHOP") == "all"
    assert asked(str(NUMBER + 2), MessageClass.ADVERTISING, "BANK") is None
    assert asked(str(NUMBER + 3), MessageClass.ADVERTISING, "SHOP") is None
