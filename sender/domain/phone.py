"""Numbers as people write them, to E.164 digits.

What is valid is libphonenumber's to say. Nearly every number of a file is written in one of three plain ways, though,
and for those its patterns are asked directly (`_CallingCode`): the answers are the same, forty times as fast.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import phonenumbers
from phonenumbers import PhoneMetadata
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE


class BadNumber(ValueError):
    """Not a phone number that a message can be sent to."""


class NumberReader:
    """Reads numbers of one region (``KZ``): where those written without an international prefix belong."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._codes: dict[str, _CallingCode | None] = {}
        self._home = ""
        self._home_code: _CallingCode | None = None
        metadata: Any = PhoneMetadata.metadata_for_region(region, None)
        if metadata is not None:
            self._home = str(metadata.country_code)
            self._home_code = self._code(self._home)
            self._general = _matcher(metadata.general_desc.national_number_pattern).fullmatch
            self._abroad = _matcher(metadata.international_prefix).match
            trunk = metadata.national_prefix_for_parsing or ""
            # What another kind of prefix does to a number only the library knows.
            self._trunk = trunk if trunk.isdigit() and not metadata.national_prefix_transform_rule else ""

    def read(self, text: str) -> str:
        """E.164 digits without plus; BadNumber says what is wrong with the number."""
        written = text if text.isalnum() else text.translate(_PUNCTUATION)
        found = None
        if written.isascii():
            if written.isdigit():
                found = self._plain(written)
            elif written[:1] == "+" and (digits := written[1:]).isdigit():
                found = self._international(digits)
        return found or parse_number(text, self._region)

    def _international(self, digits: str) -> str | None:
        for length in (1, 2, 3):
            code = self._code(digits[:length])
            if code is not None:
                return digits if code.valid(digits[length:]) else None
        return None

    def _plain(self, digits: str) -> str | None:
        """Digits alone: with the country code of this region, or with its trunk prefix, in front."""
        code, home, trunk = self._home_code, self._home, self._trunk
        if code is None or self._general(digits) or self._abroad(digits):
            return None
        if digits.startswith(home):
            national = digits[len(home) :]
        elif trunk and digits.startswith(trunk):
            national = digits[len(trunk) :]
        else:
            return None
        return home + national if self._general(national) and code.valid(national) else None

    def _code(self, digits: str) -> _CallingCode | None:
        try:
            return self._codes[digits]
        except KeyError:
            code = self._codes[digits] = _CallingCode.of(digits)
            return code


class _CallingCode:
    """Whether a national number is certainly valid under one country calling code, by libphonenumber's own patterns."""

    def __init__(self, regions: list[tuple[_Match | None, _Match]], prefix: _Match) -> None:
        self._regions = regions
        self._prefix = prefix

    @classmethod
    def of(cls, digits: str) -> _CallingCode | None:
        """None when there is no such code."""
        names = COUNTRY_CODE_TO_REGION_CODE.get(int(digits)) if digits and digits[0] != "0" else None
        regions: list[Any] = [PhoneMetadata.metadata_for_region(name, None) for name in names or ()]
        if not regions or any(region is None for region in regions):
            return None
        return cls(
            [(_matcher(it.leading_digits).match if it.leading_digits else None, _valid(it)) for it in regions],
            _matcher(regions[0].national_prefix_for_parsing).match,
        )

    def valid(self, national: str) -> bool:
        """Whether some operator could have given this number, and nothing in front of it is to be taken off."""
        if national[:1] == "0" or self._prefix(national):
            return False
        for leading, valid in self._regions:
            if leading is None:
                if valid(national):
                    return True
            elif leading(national):
                return valid(national) is not None
        return False


_Match = Callable[[str], Any]


def _valid(metadata: Any) -> _Match:
    """Whether a national number is of some kind that the region has."""
    kinds = (
        metadata.fixed_line, metadata.mobile, metadata.toll_free, metadata.premium_rate, metadata.shared_cost,
        metadata.personal_number, metadata.voip, metadata.pager, metadata.uan, metadata.voicemail,
    )  # fmt: skip
    either = "|".join(pattern for kind in kinds if kind is not None and (pattern := _pattern(kind)))
    return _matcher(f"(?={_pattern(metadata.general_desc)}$)(?:{either})" if either else None).fullmatch


def _pattern(desc: Any) -> str:
    """Its lengths and its digits; empty when it has no numbers."""
    digits = desc.national_number_pattern
    if not digits or desc.possible_length == (-1,):
        return ""
    lengths = "|".join(f".{{{length}}}" for length in desc.possible_length)
    return f"(?=(?:{lengths})$)(?:{digits})" if lengths else f"(?:{digits})"


def _matcher(pattern: str | None) -> re.Pattern[str]:
    return re.compile(pattern or "(?!)")


def parse_number(text: str, region: str) -> str:
    """E.164 digits without plus of a number as people write it; BadNumber says what is wrong with it.

    `region` (``KZ``) is where numbers written without an international prefix belong; digits that begin with
    another country's code are understood too when they make a valid number.
    """
    written = text.strip().removeprefix("'").strip()
    if not written:
        raise BadNumber("no number")
    if _SPREADSHEET.fullmatch(written):
        raise BadNumber(f'"{written}" was rounded by a spreadsheet; format the column as text')
    if stray := _STRAY.search(written):
        raise BadNumber(f'"{written}" is not a phone number: it contains "{stray[0]}"')
    digits = re.sub(r"\D", "", written)
    if not digits:
        raise BadNumber(f'"{written}" is not a phone number: it has no digits')
    if written.startswith("00") and not written.startswith("000"):
        written = "+" + written[2:]
    reason = ""
    for candidate in (written,) if written.startswith("+") else (written, "+" + digits):
        number, problem = _parsed(candidate, region)
        if number is not None:
            return number
        reason = reason or problem
    raise BadNumber(f'"{text.strip()}" is not a phone number: {reason}')


_SPREADSHEET: Final = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_STRAY: Final = re.compile(r"[^\d\s()./\-+\u2010-\u2015\u00a0\u202f]|(?<!^)\+")
_PUNCTUATION: Final = dict.fromkeys(map(ord, " ()-./\u2010\u2011\u2012\u2013\u2014\u2015\u00a0\u202f\t"))

_IMPOSSIBLE: Final = {
    phonenumbers.ValidationResult.TOO_SHORT: "too few digits",
    phonenumbers.ValidationResult.TOO_LONG: "too many digits",
    phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "no such country code",
    phonenumbers.ValidationResult.INVALID_LENGTH: "the wrong count of digits",
    phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code is missing",
}
_UNPARSABLE: Final = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: "no such country code",
    phonenumbers.NumberParseException.TOO_LONG: "too many digits",
}


def _parsed(written: str, region: str) -> tuple[str | None, str]:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException as error:
        return None, _UNPARSABLE.get(error.error_type, "too few digits")
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None, _IMPOSSIBLE.get(possible, "the wrong count of digits")
    if not phonenumbers.is_valid_number(number):
        return None, f"no operator of country code +{number.country_code} has this range"
    return f"{number.country_code}{phonenumbers.national_significant_number(number)}", ""
