"""What binds the fields of a PDU to its TLVs, as data: who excludes whom, and what may not be missing."""

from collections.abc import Collection
from typing import Any, Protocol

import msgspec

from smppkit.compiler import Source
from smppkit.tlvs import Tag


class Rule(Protocol):
    """One condition on a whole PDU and the command_status that breaking it earns."""

    @property
    def status(self) -> int:
        """The command_status."""

    def problem(self, pdu: object, present: Collection[int]) -> str | None:
        """What is wrong with this PDU, which has TLVs with these tags; None when nothing is."""

    def emit(self, prefix: str, source: Source) -> str:
        """An expression that holds when the rule is broken: of the field behind `prefix`, and the dict `present`."""


class Exclusive(msgspec.Struct, frozen=True):
    """The field (of its bits, those in `mask`) may not be set beside any of these TLVs."""

    field: str
    tags: tuple[Tag[Any], ...]
    status: int
    mask: int | None = None

    def problem(self, pdu: object, present: Collection[int]) -> str | None:
        """See Rule."""
        value = getattr(pdu, self.field)
        if not (value if self.mask is None else value & self.mask):
            return None
        found = [tag.name for tag in self.tags if tag.number in present]
        return f"{self.field} excludes {', '.join(found)}" if found else None

    def emit(self, prefix: str, source: Source) -> str:
        """See Rule."""
        value = f"{prefix}{self.field}" if self.mask is None else f"{prefix}{self.field} & {self.mask}"
        return f"({value} and not {_bind(self.tags, source)}.isdisjoint(present))"


class Required(msgspec.Struct, frozen=True):
    """One of these TLVs must be there, unless a bit of `mask` is set in the field (without a mask: always)."""

    tags: tuple[Tag[Any], ...]
    status: int
    field: str = ""
    mask: int = 0

    def problem(self, pdu: object, present: Collection[int]) -> str | None:
        """See Rule."""
        if self.mask and getattr(pdu, self.field) & self.mask:
            return None
        if any(tag.number in present for tag in self.tags):
            return None
        return f"{' or '.join(tag.name for tag in self.tags)} is missing"

    def emit(self, prefix: str, source: Source) -> str:
        """See Rule."""
        excused = f"not {prefix}{self.field} & {self.mask} and " if self.mask else ""
        return f"({excused}{_bind(self.tags, source)}.isdisjoint(present))"


def _bind(tags: Collection[Tag[Any]], source: Source) -> str:
    return source.bind("_or_".join(tag.name for tag in tags), frozenset(tag.number for tag in tags))
