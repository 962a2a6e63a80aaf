"""What the parts of a long message say together."""

from smppkit.segments import PartInfo
from smsc.scenario.long_messages import FORGOTTEN_AFTER, Key
from smsc.scenario.long_texts import KEPT, LongTexts

KEY = Key("shop", "SHOP", "7705", 7, 2)


def arrived(texts: LongTexts, number: int, text: str, now: float = 0.0, key: Key = KEY) -> str | None:
    return texts.arrived(key, PartInfo(key.reference, key.total, number), text, now)


def test_the_parts_come_in_any_order_and_more_than_once() -> None:
    texts = LongTexts()
    assert arrived(texts, 2, "world") is None
    assert arrived(texts, 2, "world") is None
    assert arrived(texts, 1, "hello ") == "hello world"
    assert arrived(texts, 1, "hello ") == "hello world"


def test_another_text_under_the_same_reference_is_another_message() -> None:
    texts = LongTexts()
    arrived(texts, 1, "hello ")
    arrived(texts, 2, "world")
    assert arrived(texts, 1, "good ") is None
    assert arrived(texts, 2, "night") == "good night"


def test_what_never_becomes_whole_is_forgotten() -> None:
    texts = LongTexts()
    arrived(texts, 1, "hello ")
    assert arrived(texts, 2, "world", FORGOTTEN_AFTER) is None
    for reference in range(KEPT + 5):
        arrived(texts, 1, "hello", 0.0, KEY._replace(reference=reference))
    assert len(texts) == KEPT
