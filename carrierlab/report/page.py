"""What all pages have in common: a head that allows nothing but the one style sheet, sections and tables."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from carrierlab.report.markup import Markup, element
from carrierlab.report.style import STYLE


def page(title: str, sections: Iterable[Markup]) -> bytes:
    """Return a whole page, in UTF-8."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    document = element("html", head, element("body", element("main", *sections)), lang="en")
    return f"<!DOCTYPE html>\n{document}\n".encode()


def _policy() -> str:
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def section(name: str, title: str, body: Iterable[Markup]) -> Iterator[Markup]:
    """A section, unless there is nothing in it."""
    parts = [part for part in body if part]
    if parts:
        yield element("section", element("h2", title), *parts, id=name)


def table(heads: Sequence[str], rows: Iterable[Markup], numbers_from: int | None = None) -> Markup:
    """A table that scrolls by itself where it is too wide; columns from ``numbers_from`` on are numbers."""
    cells = (
        element(
            "th", head, scope="col", class_="number" if numbers_from is not None and index >= numbers_from else None
        )
        for index, head in enumerate(heads)
    )
    table = element("table", element("thead", element("tr", *cells)), element("tbody", *rows))
    return element("div", table, class_="wide")
