"""The short way to a number and the library's way say the same."""

from __future__ import annotations

import random

import phonenumbers
import pytest

from sender.domain.phone import BadNumber, NumberReader, parse_number

REGIONS = ("KZ", "RU", "TR", "UZ", "US", "GB", "DE", "IT", "BR", "MX", "AR", "CI")


def outcome(read: object, *arguments: str) -> str:
    try:
        return str(read(*arguments))  # type: ignore[operator]
    except BadNumber as error:
        return f"! {error}"


def spellings(rng: random.Random, home: int, examples: list[phonenumbers.PhoneNumber]) -> str:
    if rng.random() < 0.5:
        example = rng.choice(examples)
        code, digits = str(example.country_code), list(phonenumbers.national_significant_number(example))
        for _ in range(rng.choice((0, 0, 1, 3))):
            digits[rng.randrange(len(digits))] = rng.choice("0123456789")
        national = "".join(digits)
    else:
        code = rng.choice((str(home), str(home), str(rng.randrange(1, 1000))))
        national = "".join(rng.choice("0123456789") for _ in range(rng.choice((7, 9, 10, 10, 11, 12))))
    return rng.choice(
        (
            f"+{code}{national}", f"{code}{national}", f"8{national}", f"0{national}", national, f"00{code}{national}",
            f"+{code} ({national[:3]}) {national[3:]}", f"810{code}{national}", f"+{code}0{national}",
            f"+{code}8{national}", f"8 ({national[:3]}) {national[3:6]}-{national[6:]}", f"({code}) +{national}",
        )
    )  # fmt: skip


@pytest.mark.parametrize("region", REGIONS)
def test_every_spelling_is_read_as_the_library_reads_it(region: str) -> None:
    rng = random.Random(region)
    home = phonenumbers.country_code_for_region(region)
    others = rng.sample(sorted(phonenumbers.SUPPORTED_REGIONS), 20)
    found = [phonenumbers.example_number_for_type(it, kind) for it in (region, *others) for kind in (0, 1, 2, 3, 6)]
    examples = [example for example in found if example is not None]
    read = NumberReader(region).read
    for _ in range(400):
        written = spellings(rng, home, examples)
        assert outcome(read, written) == outcome(parse_number, written, region), written
