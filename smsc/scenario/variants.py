"""Every kind of receipt that operators are known to write, as data: receipt_variants.yaml beside this file."""

from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from smsc.scenario.accounts import DEFAULT_VERSION
from smsc.scenario.id_style import IdStyle
from smsc.scenario.model import Operator
from smsc.scenario.receipts import Receipts
from smsc.scenario.scalars import SpokenVersion
from smsc.scenario.submitting import Submit
from yamlmodel.loader import load

VARIANTS: Final = Path(__file__).with_name("receipt_variants.yaml")


class ReceiptVariant(msgspec.Struct, frozen=True):
    """One kind of receipt: how an operator that writes it is declared, and how to ask it for one."""

    name: Annotated[str, Meta(description="Its name, of small letters and dashes")]
    about: Annotated[str, Meta(description="What it varies: dates, ids, timing")]
    what: Annotated[str, Meta(description="What is peculiar about it, in a sentence")]
    source: Annotated[str, Meta(description="Where it was seen, or is specified")]
    receipts: Annotated[Receipts, Meta(description="As in an operator")] = Receipts()
    ids: Annotated[IdStyle, Meta(description="As in an operator")] = IdStyle()
    ids_v33: Annotated[IdStyle, Meta(description="As in an operator")] | None = None
    submit: Annotated[Submit, Meta(description="As in an operator")] = Submit()
    version: Annotated[SpokenVersion, Meta(description="As in an operator")] = DEFAULT_VERSION
    registered_delivery: Annotated[int, Meta(description="What the message asks for", ge=0, le=0x1F)] = 1
    parts: Annotated[int, Meta(description="Parts of the message that shows it", ge=1, le=3)] = 1
    lost: Annotated[int, Meta(description="How many of them, the last ones, are never sent", ge=0, le=2)] = 0
    heard: Annotated[int, Meta(description="Receipts that come for it, copies and notices included", ge=0)] = 1

    def operator(self, **changes: Any) -> Operator:
        """An operator that writes such receipts, with whatever else is wanted of it (`listen`, `accounts`)."""
        return Operator(
            receipts=self.receipts,
            ids=self.ids,
            ids_v33=self.ids_v33,
            submit=self.submit,
            version=self.version,
            **changes,
        )


class _Variants(msgspec.Struct, frozen=True):
    variants: Annotated[list[ReceiptVariant], Meta(min_length=1)]


def receipt_variants() -> list[ReceiptVariant]:
    """Read the variants, in the order of the file; the names are distinct."""
    return load(VARIANTS, _Variants).variants
