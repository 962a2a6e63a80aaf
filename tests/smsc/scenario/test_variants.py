"""The receipt variants, each asked for and read: the operator decides, the receipt is written, the library reads it."""

import re
from collections import Counter
from datetime import UTC, datetime

import pytest

from smppkit.codec import decode, encode
from smppkit.message_ids import candidate_keys, key
from smppkit.message_state import MessageState
from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.receipts import Receipt, parse_receipt
from smppkit.segments import UDHI, segment, user_data
from smsc.scenario.decisions import Decision, Plan
from smsc.scenario.dialect import receipt_pdu
from smsc.scenario.engine import OperatorState, decide_submit
from smsc.scenario.receipts import Route
from smsc.scenario.variants import ReceiptVariant, receipt_variants

VARIANTS = receipt_variants()
BY_NAME = {variant.name: variant for variant in VARIANTS}
EPOCH = datetime(2026, 3, 1, 10, 0, tzinfo=UTC).timestamp()
ALL = pytest.mark.parametrize("variant", VARIANTS, ids=[variant.name for variant in VARIANTS])


def submits(variant: ReceiptVariant) -> list[SubmitSm]:
    """The message that shows a variant, part by part."""
    text = "Your order is ready for pick-up. " + "It waits for you at the counter. " * (5 * (variant.parts - 1))
    segments = segment(text, reference=7).segments
    assert len(segments) == variant.parts
    return [
        SubmitSm(
            source_addr="SHOP",
            destination_addr="77051234567",
            registered_delivery=variant.registered_delivery,
            esm_class=UDHI if part.udhi else 0,
            short_message=part.short_message,
        )
        for part in segments[: variant.parts - variant.lost]
    ]


class Played:
    """What a variant does with its message: the answers and the receipts with their times."""

    def __init__(self, variant: ReceiptVariant) -> None:
        self.variant = variant
        self.operator = variant.operator()
        self.state = OperatorState(self.operator, "x", 1, EPOCH)
        self.decisions: list[Decision] = []
        self.receipts: list[tuple[float, DeliverSm | DataSm]] = []
        account = self.state.account("shop")
        assert account is not None
        version = self.state.version_of(account)
        plans: dict[int, tuple[SubmitSm, Plan]] = {}
        for submit in submits(variant):
            decision = decide_submit(self.state, account, 1, submit, 0.0, version)
            self.decisions.append(decision)
            plan = decision.plan or decision.rejected_receipt
            if plan is not None:
                plans[decision.number] = (submit, plan)
            for revision in decision.revises:
                plans[revision.number] = (plans[revision.number][0], revision.plan)
        for submit, plan in plans.values():
            self._hear(submit, plan)
        self.receipts.sort(key=lambda receipt: receipt[0])

    def _hear(self, submit: SubmitSm, plan: Plan) -> None:
        look = plan.look or self.operator.receipts
        ends = plan.ends_after
        if ends is not None and plan.wanted >> plan.fate.state & 1:
            self.receipts += [(ends, self._written(plan, submit, None, plan.fate))] * look.copies
        for notice in plan.notices:
            after = notice.after + (ends or 0.0 if notice.late else 0.0)
            self.receipts.append((after, self._written(plan, submit, notice.esm_class, notice.fate)))

    def _written(self, plan: Plan, submit: SubmitSm, esm_class: int | None, fate: object) -> DeliverSm | DataSm:
        at = datetime.fromtimestamp(EPOCH, UTC)
        done = datetime.fromtimestamp(EPOCH + (plan.ends_after or 0.0), UTC)
        account = self.state.account("shop")
        assert account is not None
        version = self.state.version_of(account)
        pdu = receipt_pdu(self.operator, plan, fate, submit, at, done, version, esm_class)  # type: ignore[arg-type]
        pdu.sequence_number = 1
        again = decode(encode(pdu))
        assert isinstance(again, DeliverSm | DataSm)
        assert again == pdu
        return again

    @property
    def text(self) -> str:
        """The text of the only receipt."""
        ((_, pdu),) = self.receipts
        return user_data(pdu).decode("latin-1")

    def read(self) -> list[Receipt]:
        """What a client makes of the receipts."""
        read = [parse_receipt(pdu) for _, pdu in self.receipts]
        assert None not in read
        return [receipt for receipt in read if receipt is not None]


def play(name: str) -> Played:
    return Played(BY_NAME[name])


def test_the_names_are_distinct_and_say_what_they_are() -> None:
    assert [name for name, times in Counter(variant.name for variant in VARIANTS).items() if times > 1] == []
    assert all(re.fullmatch(r"[a-z0-9.]+(-[a-z0-9.]+)*", variant.name) for variant in VARIANTS)
    assert all(variant.what and variant.source for variant in VARIANTS)


def test_every_subject_has_its_variants() -> None:
    assert {variant.about for variant in VARIANTS} == {
        *("text", "dates", "fields", "err", "stat", "ids", "tlvs", "esm_class", "carrier", "registered_delivery"),
        *("timing", "route", "retry", "parts"),
    }


@ALL
def test_i3_every_receipt_that_comes_names_its_message(variant: ReceiptVariant) -> None:
    played = Played(variant)
    assert len(played.receipts) == variant.heard
    sent = {key(decision.message_id or decision.body.decode().rstrip("\0")) for decision in played.decisions}
    for receipt in played.read():
        keys = {
            candidate
            for name in (receipt.message_id, receipt.text_message_id or "")
            for candidate in candidate_keys(name)
        }
        assert keys & sent


TEXTS = {
    "canonical": r"id:10000001 sub:001 dlvrd:001 submit date:2603011000 done date:2603011000 stat:DELIVRD err:000 "
    r"Text:Your order is ready ",
    "dates-10": r".* submit date:2603011000 done date:2603011000 .*",
    "dates-12-with-seconds": r".* submit date:260301100000 done date:260301100001 .*",
    "dates-12-with-century": r".* submit date:202603011000 done date:202603011000 .*",
    "dates-14": r".* submit date:20260301100000 done date:20260301100001 .*",
    "no-sub-no-dlvrd": r"id:\d+ submit date:.*",
    "no-stat": r"id:\d+ sub:001 dlvrd:001 submit date:\d+ done date:\d+ err:000 Text:.*",
    "sub-null": r".* sub:null dlvrd:null .*",
    "sub-dots": r".* sub:\.\.\. dlvrd:\.\.\. .* text:Your.*",
    "err-null": r".* err:null Text:.*",
    "text-foo": r"foo",
    "empty-body": r"",
    "mixed-case-keys": r"ID:\d+ Sub:001 DLVRD:001 Submit Date:\d+ Done Date:\d+ STAT:DELIVRD Err:000 TEXT:Your.*",
    "no-text": r".* err:000",
    "err-one-digit": r".* err:0 .*",
    "err-three-digits": r".* stat:UNDELIV err:069 .*",
    "err-four-digits": r".* err:0000 .*",
    "err-hexadecimal": r".* err:45 .*",
    "err-alphanumeric": r".* err:EC_B1 .*",
    "err-in-the-text": r".* err:000 Text:450A DLVRD TO SMSC",
    "stat-failed": r".* stat:FAILED .*",
    "stat-absent-sub": r".* stat:ABSENT-SUB .*",
    "stat-mob-off": r".* stat:MOB-OFF .*",
    "stat-skipped": r".* stat:SKIPPED .*",
    "id-cut-in-the-text": r"id:[0-9a-f]{8}-[0-9a-f] sub.*",
    "tlvs-only": r"",
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_is_as_it_was_seen(name: str) -> None:
    assert re.fullmatch(TEXTS[name], play(name).text)


IDS = {
    "id-hex-then-decimal": ("989681", "10000001"),
    "id-decimal-then-hex": ("10000001", "989681"),
    "id-hex": ("989681", "989681"),
    "id-uuid": (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",) * 2,
    "id-zeros-stripped": ("000010000001", "10000001"),
    "id-zeros-padded": ("989681", "0000989681"),
    "id-case-changed": ("1000000000098968[0-9A-F]", "1000000000098968[0-9a-f]"),
    "id-3.3-hex": ("989681", "10000001"),
    "id-beyond-64-bits": ("18446744073719551617", "10000000000989681"),
}


@pytest.mark.parametrize("name", IDS)
def test_the_id_is_as_it_was_seen_in_response_and_receipt(name: str) -> None:
    played = play(name)
    in_response, in_receipt = IDS[name]
    assert re.fullmatch(in_response, played.decisions[0].message_id)
    assert re.match(f"id:{in_receipt} ", played.text)


def test_ids_may_name_the_part() -> None:
    played = play("id-per-part")
    assert [decision.message_id for decision in played.decisions] == ["SAR-10000001-2-1", "SAR-10000002-2-2"]
    assert [receipt.message_id for receipt in played.read()] == ["SAR-10000001-2-1", "SAR-10000002-2-2"]


STATES = {
    "stat-delivrd": MessageState.DELIVERED,
    "stat-expired": MessageState.EXPIRED,
    "stat-deleted": MessageState.DELETED,
    "stat-undeliv": MessageState.UNDELIVERABLE,
    "stat-acceptd": MessageState.ACCEPTED,
    "stat-unknown": MessageState.UNKNOWN,
    "stat-rejectd": MessageState.REJECTED,
    "stat-enroute": MessageState.ENROUTE,
    "stat-failed": MessageState.UNDELIVERABLE,
    "stat-absent-sub": MessageState.UNDELIVERABLE,
    "stat-mob-off": MessageState.UNDELIVERABLE,
    "stat-skipped": MessageState.SKIPPED,
    "no-stat": MessageState.DELIVERED,
    "text-foo": MessageState.DELIVERED,
    "tlvs-contradict": MessageState.UNDELIVERABLE,
    "rejected-submit": MessageState.REJECTED,
}


@pytest.mark.parametrize("name", STATES)
def test_the_state_is_as_it_was_meant(name: str) -> None:
    (receipt,) = play(name).read()
    assert receipt.state is STATES[name]


def test_tlvs_stand_beside_the_text_or_instead_or_not_at_all() -> None:
    assert [tag for tag, _ in play("tlvs").receipts[0][1].tlvs] == [0x001E, 0x0427, 0x0423]
    assert [tag for tag, _ in play("tlvs-only").receipts[0][1].tlvs] == [0x001E, 0x0427]
    assert play("text-only").receipts[0][1].tlvs == ()


def test_tlvs_and_text_may_disagree() -> None:
    (receipt,) = play("tlvs-contradict").read()
    assert (receipt.message_id, receipt.text_message_id) == ("989681", "10000001")
    assert (receipt.stat, receipt.state) == ("DELIVRD", MessageState.UNDELIVERABLE)


def test_the_esm_class_is_as_it_was_seen() -> None:
    assert [pdu.esm_class for _, pdu in play("esm-class-04").receipts] == [0x04]
    assert [pdu.esm_class for _, pdu in play("esm-class-20").receipts] == [0x20, 0x04]
    assert [pdu.esm_class for _, pdu in play("esm-class-00").receipts] == [0x00]


def test_either_pdu_may_carry_a_receipt() -> None:
    assert isinstance(play("carrier-deliver-sm").receipts[0][1], DeliverSm)
    assert isinstance(play("carrier-data-sm").receipts[0][1], DataSm)


TIMES = {
    "before-response": [0.0],
    "after-seconds": [3.0],
    "after-days": [72 * 3600.0],
    "never": [],
    "twice": [1.0, 1.0],
    "out-of-order": [1.0, 2.0],
    "accepted-first": [0.1, 1.0],
    "asked-for-notices": [1.0, 2.0],
    "parts-missing": [300.0, 300.0],
}


@pytest.mark.parametrize("name", TIMES)
def test_receipts_come_when_they_were_seen_to_come(name: str) -> None:
    assert [at for at, _ in play(name).receipts] == pytest.approx(TIMES[name])


def test_a_receipt_may_come_before_the_response() -> None:
    (decision,) = play("before-response").decisions
    assert decision.respond_after == pytest.approx(0.05)
    assert decision.plan is not None
    assert decision.plan.early


def test_enroute_comes_after_delivrd() -> None:
    assert [receipt.stat for receipt in play("out-of-order").read()] == ["DELIVRD", "ENROUTE"]


def test_a_refused_submit_has_a_receipt_with_the_id_of_its_error_body() -> None:
    played = play("rejected-submit")
    (decision,) = played.decisions
    assert (decision.status, decision.body) == (0x45, b"10000001\0")


@pytest.mark.parametrize(("name", "numbers"), [("parts-every", [1, 2, 3]), ("parts-first", [1]), ("parts-last", [3])])
def test_the_parts_that_are_heard_of(name: str, numbers: list[int]) -> None:
    ids = [receipt.message_id for receipt in play(name).read()]
    assert ids == [str(10_000_000 + number) for number in numbers]


def test_parts_without_the_others_fail() -> None:
    assert [(receipt.stat, receipt.err) for receipt in play("parts-missing").read()] == [("UNDELIV", "408")] * 2


def test_routes_and_retries_are_the_operators() -> None:
    routes = {BY_NAME[f"route-{route.value}"].receipts.route for route in Route}
    assert routes == set(Route)
    assert BY_NAME["retried-on-few"].receipts.retry.on == [0x58, 0x64]
    assert set(BY_NAME["retried"].receipts.retry.on) == {0x58, 0x08, 0x14, 0x45, 0x64, 0x67, 0xFE, 0xFF}
