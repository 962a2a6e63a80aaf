"""How many messages met a rule, and how fast: counts and rates, for each number, sender or account if a rule says so.

The memory is bounded: beyond so many counters the one that was used longest ago is forgotten, and counts from 0 when
its number comes again. How often that happened is counted too.
"""

import enum
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import ClassVar, Final, Generic, NamedTuple, Self, TypeVar

import msgspec

from smppkit.pdus import SubmitSm

MOST_KEPT: Final = 65_536

T = TypeVar("T")


class Per(enum.Enum):
    """What a rule counts for itself, and what has a state of its own.

    Numbers are those that one account writes to or from: what another account does has no part in it.
    """

    TO = "to"
    FROM = "from"
    ACCOUNT = "account"
    OPERATOR = "operator"


class Key(NamedTuple):
    """Whose counter or state it is; "" for what is not told apart. Numbers are without their leading `+`."""

    system_id: str = ""
    number: str = ""


EVERYBODY: Final = Key()

_KEYS: Final[dict[Per, Callable[[str, SubmitSm], Key]]] = {
    Per.TO: lambda system_id, pdu: Key(system_id, pdu.destination_addr.removeprefix("+")),
    Per.FROM: lambda system_id, pdu: Key(system_id, pdu.source_addr.removeprefix("+")),
    Per.ACCOUNT: lambda system_id, _: Key(system_id),
    Per.OPERATOR: lambda *_: EVERYBODY,
}


def key_of(per: Per, system_id: str, pdu: SubmitSm) -> Key:
    """Whose counter or state a message falls under."""
    return _KEYS[per](system_id, pdu)


_COUNT = re.compile(r"([0-9]{1,9})(?:(\+)|-([0-9]{1,9}))?", re.ASCII)
_EVERY = re.compile(r"every ([1-9][0-9]{0,8})(?:st|nd|rd|th)?", re.ASCII)
_ENDLESS: Final = 1 << 62


class Count(msgspec.Struct, frozen=True):
    """Which of the messages that come one after another: `3`, `2-4`, `5+` or `every 3rd`."""

    low: int
    high: int
    every: int = 1

    expected: ClassVar[str] = "a count such as 3, 2-4, 5+ or every 3rd"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        every = _EVERY.fullmatch(text)
        if every is not None:
            return cls(int(every[1]), _ENDLESS, int(every[1]))
        match = _COUNT.fullmatch(text)
        if match is None or int(match[1]) < 1:
            raise ValueError(f"expected {cls.expected}")
        low = int(match[1])
        high = _ENDLESS if match[2] else int(match[3] or low)
        if high < low:
            raise ValueError(f"expected the lower number first: {high}-{low}")
        return cls(low, high)

    def __contains__(self, number: int) -> bool:
        return self.low <= number <= self.high and number % self.every == 0


class Memory(Generic[T]):
    """What is remembered by key, the latest `most` of it; `evicted` counts what was forgotten for want of room."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self.evicted = 0
        self._most = most
        self._kept: OrderedDict[tuple[str, Key], T] = OrderedDict()
        self._keys: dict[str, set[Key]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, name: str, key: Key) -> T | None:
        """What is known of a key; it is used by that."""
        found = self._kept.get((name, key))
        if found is not None:
            self._kept.move_to_end((name, key))
        return found

    def put(self, name: str, key: Key, value: T) -> None:
        """Remember a value in place of the one there was."""
        self._kept[name, key] = value
        self._kept.move_to_end((name, key))
        self._keys.setdefault(name, set()).add(key)
        if len(self._kept) > self._most:
            self._unlist(*self._kept.popitem(last=False)[0])
            self.evicted += 1

    def drop(self, name: str, key: Key) -> None:
        """Remember nothing of a key."""
        if self._kept.pop((name, key), None) is not None:
            self._unlist(name, key)

    def of(self, name: str) -> dict[Key, T]:
        """All that is remembered under a name."""
        return {key: self._kept[name, key] for key in sorted(self._keys.get(name, ()))}

    def forget(self, name: str | None = None, system_id: str | None = None) -> None:
        """Forget what is under a name, of an account, or both; everything without either."""
        for each in list(self._keys) if name is None else [name]:
            for key in list(self._keys.get(each, ())):
                if system_id is None or key.system_id == system_id:
                    self.drop(each, key)

    def _unlist(self, name: str, key: Key) -> None:
        keys = self._keys[name]
        keys.discard(key)
        if not keys:
            del self._keys[name]


class Counter(msgspec.Struct, gc=False):
    """How many messages counted, and how full the bucket is into which they fall; it leaks at the rate of a rule."""

    count: int = 0
    level: float = 0.0
    at: float = 0.0

    def add(self, now: float, rate: float | None) -> bool:
        """Count a message, if messages come faster than the rate: more of them than it allows in a second.

        Below one in a second, more than one at a time. What comes more slowly again is not held against anybody for
        longer than one message takes. Without a rate every message counts. Returns whether this one did.
        """
        if rate is None:
            self.count += 1
            return True
        allowed = max(1.0, rate)
        level = max(0.0, self.level - (now - self.at) * rate) + 1.0
        self.level, self.at = min(level, allowed + 1.0), now
        too_fast = level > allowed + _HAIR
        self.count += too_fast
        return too_fast


_HAIR: Final = 1e-9  # sums of times are rounded
