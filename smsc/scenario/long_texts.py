"""What long messages say as a whole, for operators that judge texts, put together as parts come. Memory is bounded."""

from collections import OrderedDict
from typing import Final

import msgspec

from smppkit.segments import PartInfo
from smsc.scenario.long_messages import FORGOTTEN_AFTER, Key

KEPT: Final = 1000


class _Text(msgspec.Struct):
    began: float
    parts: dict[int, str] = msgspec.field(default_factory=dict)


class LongTexts:
    """The texts of long messages; of more than `KEPT` the oldest is forgotten, and each after ten minutes."""

    def __init__(self) -> None:
        self._held: OrderedDict[Key, _Text] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def forget(self, system_id: str | None) -> None:
        """The parts of an account's messages, or (None) of all, are forgotten."""
        for key in [key for key in self._held if system_id in (None, key.system_id)]:
            del self._held[key]

    def arrived(self, key: Key, part: PartInfo, text: str, now: float) -> str | None:
        """A part has come: the text of the whole message when it is the last of them, else None.

        A whole one is kept, so that the same part, sent again because it was refused, earns the same answer. A part
        that says something else than before is of another message, whose reference is the same.
        """
        held = self._held.get(key)
        if held is None or now >= held.began + FORGOTTEN_AFTER or held.parts.get(part.number, text) != text:
            self._held.pop(key, None)
            held = self._held[key] = _Text(now)
            if len(self._held) > KEPT:
                self._held.popitem(last=False)
        held.parts[part.number] = text
        if len(held.parts) < part.total:
            return None
        return "".join(text for _, text in sorted(held.parts.items()))
