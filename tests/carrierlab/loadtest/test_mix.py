from __future__ import annotations

from pathlib import Path

import pytest

from carrierlab.load.model import NumberPattern, TextTemplate
from carrierlab.loadtest.mix import Mix
from carrierlab.loadtest.profile import Message, Numbers
from smppkit.segments import LongMessage
from smppkit.text import Alphabet
from yamlmodel.scalars import Percent


def test_the_same_seed_makes_the_same_messages() -> None:
    kinds = [Message(share=Percent(0.8)), Message(share=Percent(0.2), length=300, alphabet=Alphabet.UCS2)]
    one, two, other = Mix(kinds, 1), Mix(kinds, 1), Mix(kinds, 2)
    drawn = [one.next() for _ in range(200)]
    assert drawn == [two.next() for _ in range(200)]
    assert drawn != [other.next() for _ in range(200)]
    assert sum(len(each.composed.parts) > 1 for each in drawn) == pytest.approx(40, abs=20)


@pytest.mark.parametrize(
    ("method", "parts"),
    [(LongMessage.UDH8, 5), (LongMessage.UDH16, 5), (LongMessage.SAR, 5), (LongMessage.PAYLOAD, 1)],
)
def test_long_messages_are_cut_as_the_mix_says(method: LongMessage, parts: int) -> None:
    mix = Mix([Message(length=300, alphabet=Alphabet.UCS2, long_message=method)], 1)
    made = mix.next().composed.parts
    assert len(made) == parts
    assert all(bool(pdu.esm_class & 0x40) is method.value.startswith("udh") for pdu in made)


@pytest.mark.parametrize("alphabet", [Alphabet.GSM7, Alphabet.LATIN1, Alphabet.UCS2])
def test_alphabets(alphabet: Alphabet) -> None:
    (pdu,) = Mix([Message(length=20, alphabet=alphabet)], 1).next().composed.parts
    assert pdu.data_coding == alphabet.data_coding


def test_numbers_of_a_file_come_in_turn_and_each_worker_has_its_own(tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text("name,phone\na,+7 705 000-00-01\nb,77050000002\nc,none\nd,77050000003\n")
    kind = Message(numbers=Numbers(csv=file, column="phone"), senders=["SHOP", "BANK"])
    mix = Mix([kind], 1)
    drawn = [mix.next() for _ in range(4)]
    assert [each.to[-1] for each in drawn] == ["1", "2", "3", "1"]
    assert [each.composed.sender for each in drawn] == ["SHOP", "BANK", "SHOP", "BANK"]
    shares = [Mix([kind], 1, share, 2) for share in (0, 1)]
    assert [{mix.next().to for _ in range(9)} for mix in shares] == [{"77050000001", "77050000003"}, {"77050000002"}]
    with pytest.raises(ValueError, match="fewer numbers than there are workers"):
        Mix([kind], 1, 3, 4)


def test_numbers_are_counted_over_all_workers() -> None:
    kind = Message(to=NumberPattern("7705"), text=TextTemplate("no {n}"))
    shares = [Mix([kind], 1, share, 2) for share in (0, 1)]
    assert [mix.next().composed.text for mix in shares for _ in range(2)] == ["no 1", "no 3", "no 2", "no 4"]
