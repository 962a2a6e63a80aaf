"""How languages spell dates, amounts and plurals: English, Russian, Kazakh and Turkish. Tables of ours, no locale."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

LANGUAGES: Final = ("en", "ru", "kk", "tr")


def _words(**listed: str) -> dict[str, list[str]]:
    return {language: words.split() for language, words in listed.items()}


_MONTHS: Final = _words(
    en="January February March April May June July August September October November December",
    ru="января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    kk="қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
    tr="Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
)
_DAYS: Final = _words(
    en="Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    ru="понедельник вторник среда четверг пятница суббота воскресенье",
    kk="дүйсенбі сейсенбі сәрсенбі бейсенбі жұма сенбі жексенбі",
    tr="Pazartesi Salı Çarşamba Perşembe Cuma Cumartesi Pazar",
)

Piece = Callable[[datetime], str]
_DIRECTIVES: Final[dict[str, Piece]] = {
    "%d": lambda at: f"{at.day:02}",
    "%-d": lambda at: str(at.day),
    "%m": lambda at: f"{at.month:02}",
    "%-m": lambda at: str(at.month),
    "%Y": lambda at: f"{at.year:04}",
    "%y": lambda at: f"{at.year % 100:02}",
    "%H": lambda at: f"{at.hour:02}",
    "%-H": lambda at: str(at.hour),
    "%M": lambda at: f"{at.minute:02}",
    "%S": lambda at: f"{at.second:02}",
    "%%": lambda _: "%",
}
_DIRECTIVE = re.compile("%-?.?")


class SpeltDate:
    """A pattern such as ``%d.%m.%Y`` or ``%-d %B``, made ready; ValueError names a directive that is not known."""

    __slots__ = ("_pieces",)

    def __init__(self, pattern: str, language: str) -> None:
        months, days = _MONTHS[language], _DAYS[language]
        known = _DIRECTIVES | {"%B": lambda at: months[at.month - 1], "%A": lambda at: days[at.weekday()]}
        self._pieces: list[str | Piece] = []
        end = 0
        for match in _DIRECTIVE.finditer(pattern):
            if match[0] not in known:
                raise ValueError(f'no directive "{match[0]}"; known: {" ".join(known)}')
            self._pieces += [pattern[end : match.start()], known[match[0]]]
            end = match.end()
        if not self._pieces:
            raise ValueError(f'found "{pattern}", which has no part of a date; expected one such as %d.%m.%Y')
        self._pieces.append(pattern[end:])

    def __call__(self, at: datetime) -> str:
        """The date, spelt."""
        return "".join([piece if isinstance(piece, str) else piece(at) for piece in self._pieces])


# Between thousands, before the fraction. A plain space: the no-break one would make the whole text UCS-2.
_STYLES: Final = {"en": (",", "."), "ru": (" ", ","), "kk": (" ", ","), "tr": (".", ",")}
_LANGUAGE_OF: Final = {
    "TRY": "tr", "TL": "tr", "₺": "tr", "USD": "en", "EUR": "en", "GBP": "en", "$": "en", "€": "en", "£": "en",
}  # fmt: skip
_CENT: Final = Decimal("0.01")


class SpeltMoney:
    """Amounts in a currency: thousands apart, two digits of a fraction where there is one, the currency behind.

    Without a language the currency tells how its country writes: 12 345,50 KZT, 12.345,50 TRY, 12,345.50 USD.
    """

    __slots__ = ("_fraction", "_suffix", "_thousands")

    def __init__(self, currency: str, language: str | None) -> None:
        self._thousands, self._fraction = _STYLES[language or _LANGUAGE_OF.get(currency, "ru")]
        self._suffix = f" {currency}" if currency else ""

    def __call__(self, amount: Decimal) -> str:
        """The amount, spelt."""
        rounded = amount.quantize(_CENT, ROUND_HALF_EVEN)
        whole, _, cents = f"{rounded:,.2f}".partition(".")
        spelt = whole.replace(",", self._thousands)
        return f"{spelt}{self._fraction + cents if cents != '00' else ''}{self._suffix}"


def plural_forms(forms: Sequence[str], language: str | None) -> Callable[[Decimal], str]:
    """Which form of a word goes with a number (the rules of Unicode's CLDR).

    Three forms are Russian (день, дня, дней), two are English, Kazakh or Turkish (day, days), one is always right.
    ValueError when the language has another number of forms.
    """
    count = len(forms)
    wanted = {None: (1, 2, 3), "ru": (3,)}.get(language, (1, 2))
    if count not in wanted:
        expected = "three forms" if wanted == (3,) else "one form or two" if wanted == (1, 2) else "one to three forms"
        raise ValueError(f"found {count} forms; expected {expected}, with commas between them")
    if count == 1:
        only = forms[0]
        return lambda _: only
    if count == 2:
        one, other = forms
        return lambda number: one if abs(number) == 1 else other
    return _russian(*forms)


def _russian(one: str, few: str, many: str) -> Callable[[Decimal], str]:
    def choose(number: Decimal) -> str:
        number = abs(number)
        if number != number.to_integral_value():
            return few  # 1,5 дня
        last, tens = int(number % 10), int(number % 100)
        if 11 <= tens <= 14 or last == 0 or last >= 5:
            return many
        return one if last == 1 else few

    return choose
