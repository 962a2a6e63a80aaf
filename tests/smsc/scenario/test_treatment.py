import pytest

from smppkit.message_ids import IdBase
from smppkit.message_state import MessageState
from smppkit.pdus import SubmitSm
from smppkit.segments import UDHI, segment
from smsc.scenario.decisions import Fate
from smsc.scenario.id_style import IdStyle
from smsc.scenario.reading import Reading
from smsc.scenario.treatment import Fates, IdWriter, look_of
from tests.smsc.scenario.world import read


@pytest.mark.parametrize(
    ("stat", "err", "usual", "fate"),
    [
        ("DELIVRD", None, None, Fate("DELIVRD", "000", MessageState.DELIVERED)),
        ("EXPIRED", None, None, Fate("EXPIRED", "001", MessageState.EXPIRED)),
        ("EXPIRED", None, "027", Fate("EXPIRED", "027", MessageState.EXPIRED)),
        ("UNDELIV", None, "027", Fate("UNDELIV", "069", MessageState.UNDELIVERABLE)),
        ("UNDELIV", "042", "027", Fate("UNDELIV", "042", MessageState.UNDELIVERABLE)),
        ("ABSENT-SUB", None, None, Fate("ABSENT-SUB", "001", MessageState.UNDELIVERABLE)),
        ("nonsense", None, None, Fate("nonsense", "001", MessageState.UNKNOWN)),
    ],
)
def test_a_word_is_a_fate_with_the_code_that_goes_with_it(
    stat: str, err: str | None, usual: str | None, fate: Fate
) -> None:
    fates = Fates(read("receipts: {err: {UNDELIV: '069'}}").receipts)
    assert fates.of(stat, err, usual) == fate


def test_ids_name_the_part_only_of_long_messages() -> None:
    writer = IdWriter(IdStyle.parse("decimal {}-{parts}-{part}"))
    parts = segment("c" * 200, reference=3).segments
    written = [writer.write(7, Reading(SubmitSm(short_message=part.short_message, esm_class=UDHI))) for part in parts]
    assert written == ["7-2-1", "7-2-2"]
    assert writer.write(7, Reading(SubmitSm())) == "7-1-1"
    assert writer.write_v33(7) == "7-1-1"


def test_ids_of_3_3_have_a_style_of_their_own() -> None:
    writer = IdWriter(IdStyle(IdBase.UUID), IdStyle.parse("hex lower 8"))
    assert writer.write_v33(0xABC) == "00000abc"
    assert len(writer.write(1, Reading(SubmitSm()))) == 36


def test_a_look_is_made_ready_once() -> None:
    receipts = read("receipts: {ids: hex, before_response: true, notices: [{stat: ACCEPTD, err: '7'}]}").receipts
    look = look_of(receipts, Fates(receipts), changed=True)
    assert look.receipts is receipts
    assert look.early
    ((notice, fate, _),) = look.notices
    assert (notice.stat, fate) == ("ACCEPTD", Fate("ACCEPTD", "7", MessageState.ACCEPTED))
    assert look_of(receipts, Fates(receipts), changed=False).receipts is None
