"""The messages of a load: their shares, numbers, texts and parts."""

from __future__ import annotations

import re
from collections import Counter

from carrierlab.load.messages import Due, messages
from carrierlab.load.model import Load
from smppkit.segments import UDHI
from smppkit.text import Alphabet
from yamlmodel.loader import loads


def made(text: str, seed: int = 1) -> list[Due]:
    return list(messages(loads(text, Load), seed, {"alpha": "SHOP", "beta": "77010000001"}, "alpha"))


def test_every_message_is_made_of_its_kind() -> None:
    due = made(
        "{rate: 10/s, count: 400, mix: [{share: 75%, text: 'Code {digits:6}', to: '7705###'},"
        " {share: 25%, operator: beta, to: '7701', text: 'No {n} to {to}'}]}"
    )
    counts = Counter(message.operator for message in due)
    assert 270 <= counts["alpha"] <= 330
    assert [message.number for message in due] == list(range(1, 401))
    for message in due:
        if message.operator == "alpha":
            assert re.fullmatch("Code [0-9]{6}", message.text)
            assert re.fullmatch("7705[0-9]{3}", message.to)
            assert (message.sender, message.parts[0].source_addr_ton) == ("SHOP", 5)
        else:
            assert message.text == f"No {message.number} to 7701"
            assert message.parts[0].source_addr_ton == 1


def test_a_text_of_a_length_is_cut_in_its_alphabet() -> None:
    (long,) = made("{rate: 1/s, count: 1, mix: [{length: 200, alphabet: ucs2}]}")
    assert len(long.text) == 200
    assert len(long.parts) == 3
    assert {part.data_coding for part in long.parts} == {Alphabet.UCS2.data_coding}
    assert all(part.esm_class & UDHI for part in long.parts)
    (short,) = made("{rate: 1/s, count: 1, mix: [{length: 200, long_message: payload, registered: false}]}")
    assert (len(short.parts), short.parts[0].registered_delivery) == (1, 0)


def test_all_of_it_follows_from_the_seed() -> None:
    text = "{rate: 5/s, count: 20, arrival: poisson}"
    assert made(text) == made(text)
    assert made(text) != made(text, seed=2)
