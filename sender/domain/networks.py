"""Names of mobile networks: one short name for what registries, directories and people call many ways.

A network is written ``beeline-kz``: a brand and a country. What an operator is called in a numbering plan
('ПАО "Вымпел-Коммуникации"') or in phonenumbers ("Beeline") is an alias of it in its country.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

BUILT_IN: Final[Mapping[str, tuple[str, ...]]] = {
    # MCC 250
    "mts-ru": ("25001", "MTS", "МТС", "Мобильные ТелеСистемы"),
    "megafon-ru": ("25002", "MegaFon", "МегаФон"),
    "yota-ru": ("25011", "Yota", "Скартел"),
    "t2-ru": ("25020", "T2", "Tele2", "Т2 Мобайл", "Т2 РТК Холдинг"),
    "beeline-ru": ("25099", "Beeline", "Билайн", "Вымпел-Коммуникации", "ВымпелКом"),
    "motiv-ru": ("25035", "Motiv", "МОТИВ", "Екатеринбург-2000"),
    # MCC 401
    "beeline-kz": ("40101", "Beeline", "Билайн", "КаР-Тел"),
    "kcell-kz": ("40102", "Kcell", "Kcell/Activ", "Activ", "Кселл"),
    "tele2-kz": ("40107", "40177", "T2", "Tele2", "Altel", "Алтел", "Мобайл Телеком-Сервис"),
    # MCC 286
    "turkcell-tr": ("28601", "Turkcell"),
    "vodafone-tr": ("28602", "Vodafone"),
    "turktelekom-tr": ("28603", "Turk Telekom", "Türk Telekom", "Avea", "TT Mobil"),
}
"""Aliases by network; those of digits are MCC and MNC. Altel and Tele2 are one company in Kazakhstan."""

PREFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    "beeline-kz": ("7705", "7706", "7771", "7776", "7777"),
    "kcell-kz": ("7701", "7702", "7775", "7778"),
    "tele2-kz": ("7700", "7707", "7708", "7747"),
    "turktelekom-tr": ("90501", "90505", "90506", "90507", "9055"),
    "turkcell-tr": ("9053",),
    "vodafone-tr": ("9054",),
}
"""Where no plan is imported and phonenumbers has no name."""

_FORMS: Final = re.compile(
    r"\b(?:публичное акционерное общество|общество с ограниченной ответственностью|акционерное общество"
    r"|пао|оао|зао|ооо|ао|тоо|plc|llc|ltd|cjsc|ojsc|inc|a\.?ş|a\.?s)\b\.?"
)
_NOISE: Final = re.compile(r"[^\w/+]+")


_REGIONS: Final[Mapping[str, str]] = {
    str(code): regions[0].lower() for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
}


def country_of(number: str) -> str:
    """The country of E.164 digits, in lower case; of those that share a calling code the main one, but for KZ."""
    if number.startswith(("76", "77")):
        return "kz"
    for length in (1, 2, 3):
        country = _REGIONS.get(number[:length])
        if country is not None:
            return country
    return ""


def plain(name: str) -> str:
    """A name without legal form, quotation marks, case and punctuation: ``вымпел-коммуникации``."""
    text = _FORMS.sub(" ", name.casefold())
    return "-".join(_NOISE.sub(" ", text).split())


class Aliases:
    """From any name of an operator to its network. `own` maps networks to the names that a configuration adds."""

    def __init__(self, own: Mapping[str, Iterable[str]] | None = None) -> None:
        self._networks: dict[tuple[str, str], str] = {}
        self._own: dict[str, str] = {}
        self.known: set[str] = set(BUILT_IN)
        for network, names in BUILT_IN.items():
            country = network.rpartition("-")[2]
            for name in (network, *names):
                self._networks[country, plain(name)] = network
        for network, added in (own or {}).items():
            self.known.add(network)
            for name in (network, *added):
                self._own[plain(name)] = network

    def network(self, name: str, country: str) -> str:
        """The network called `name` in `country`; a name nobody knows becomes one, as in ``лайкамобайл-ru``."""
        short = plain(name)
        found = self._own.get(short) or self._networks.get((country, short))
        if found is not None:
            return found
        if short in self.known or not country or short.endswith(f"-{country}"):
            return short
        return f"{short}-{country}"
