"""What a client of somebody else's says, as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrierlab.gauntlet.claims import Claim, ClaimsError, read_claims
from carrierlab.gauntlet.judge import Part
from sender.domain.message import State


def written(directory: Path, text: str | bytes) -> Path:
    file = directory / "results.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_states_are_claimed_by_number_in_any_spelling(tmp_path: Path) -> None:
    lines = ("number,state", "+77010010012,delivered", "77010010023, EXPIRED", "77010010034,", "77010010045,ACCEPTD")
    claims = read_claims(written(tmp_path, "\ufeff" + "\r\n".join(lines)))
    states = [claims.of(number, ()).state for number in ("77010010012", "77010010023", "77010010034", "77010010045")]
    assert states == [State.DELIVERED, State.EXPIRED, None, None]
    assert claims.of("77010010099", ()) == Claim()


def test_states_are_claimed_by_the_ids_of_the_parts(tmp_path: Path) -> None:
    claims = read_claims(written(tmp_path, "message_id,state\n00AB,DELIVRD\nac,DELIVRD\nAD,UNDELIV\n\n"))
    ab, ac, ad, ae = (Part(1, message_id) for message_id in ("AB", "AC", "AD", "AE"))
    assert claims.of("77010010012", [ab, ac]).state is State.DELIVERED
    assert claims.of("77010010012", [ab, ad]).state is State.UNDELIVERED
    assert claims.of("77010010012", [ab, ae]).state is None


def test_a_word_that_is_no_state_is_a_wrong_claim_and_no_wrong_file(tmp_path: Path) -> None:
    claims = read_claims(written(tmp_path, "number,state\n77010010012,ABSENT\n"))
    claim = claims.of("77010010012", ())
    assert claim.stray == "ABSENT"
    assert claim.words == '"ABSENT"'
    by_id = read_claims(written(tmp_path, "message_id,state\nAB,hmm\n"))
    assert by_id.of("77010010012", [Part(1, "AB")]).stray == "hmm"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'results.csv:1: found ""; expected "number,state" or "message_id,state"'),
        ("phone,state\n", 'results.csv:1: found "phone,state"; expected'),
        ("number,state\n1,DELIVRD\n2\n", "results.csv:3: found 1 cells; expected 2"),
        (b"number,state\n\xff,DELIVRD\n", "is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(ClaimsError) as caught:
        read_claims(written(tmp_path, text))
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClaimsError, match="cannot be read: No such file"):
        read_claims(tmp_path / "none.csv")
