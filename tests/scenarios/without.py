"""Scenarios from which what they rehearse is taken away: the operators behave after all."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from carrierlab.scenario import LabScenario
from smppkit.segments import LongMessage
from smppkit.text import Alphabet
from smsc.scenario.accounts import Access
from smsc.scenario.id_style import IdStyle
from smsc.scenario.latency import Latency
from smsc.scenario.model import Operator
from smsc.scenario.receipts import PerPart, Receipts, Route
from tests.scenarios.playing import with_campaign, with_receipts
from yamlmodel.scalars import Duration, Rate


def with_operators(scenario: LabScenario, **changes: Any) -> LabScenario:
    operators = {name: msgspec.structs.replace(operator, **changes) for name, operator in scenario.operators.items()}
    return msgspec.structs.replace(scenario, operators=operators)


def with_submit(scenario: LabScenario, **changes: Any) -> LabScenario:
    def changed(operator: Operator) -> Operator:
        return msgspec.structs.replace(operator, submit=msgspec.structs.replace(operator.submit, **changes))

    operators = {name: changed(operator) for name, operator in scenario.operators.items()}
    return msgspec.structs.replace(scenario, operators=operators)


def nothing_happens(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return msgspec.structs.replace(scenario, timeline=[])


def all_rows_are_good(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    rows = scenario.workload.campaign.recipients.with_name("texts.csv")
    return with_campaign(scenario, recipients=rows, template="Hello")


def receipts_come_in_time(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_receipts(scenario, before_response=False)


def ids_keep_their_base(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    operators = {
        name: msgspec.structs.replace(
            operator, ids=IdStyle(), receipts=msgspec.structs.replace(operator.receipts, ids=IdStyle())
        )
        for name, operator in scenario.operators.items()
    }
    return msgspec.structs.replace(scenario, operators=operators)


def every_text_is_short_and_plain(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_campaign(scenario, template="Your order is ready")


def every_text_is_ucs2(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_campaign(scenario, alphabets=[Alphabet.UCS2])


def no_text_is_ucs2(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_campaign(scenario, alphabets=[Alphabet.GSM7])


def no_connection_is_touched(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_operators(scenario, faults=[])


def receipts_come_on_the_same_bind(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_receipts(scenario, route=Route.SAME_BIND)


def every_part_has_its_receipt(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_receipts(scenario, parts=PerPart.EVERY)


def receipts_come_once(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_receipts(scenario, copies=1, notices=[])


def receipts_come_at_once(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_receipts(scenario, delay=Latency.parse("1s"))


def everything_is_delivered(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_receipts(scenario, outcome=Receipts().outcome)


def answers_come_in_time(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_submit(scenario, latency=Latency.parse("20ms"))


def the_queue_has_room(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_submit(scenario, queue=None)


def nothing_is_refused(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_submit(scenario, refuse={})


def there_are_no_ghosts(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_operators(scenario, access=Access())


def the_window_is_wide(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    def wide(operator: Operator) -> Operator:
        assert operator.accounts != "any"
        accounts = [msgspec.structs.replace(account, window=10) for account in operator.accounts]
        return msgspec.structs.replace(operator, accounts=accounts)

    operators = {name: wide(operator) for name, operator in scenario.operators.items()}
    return msgspec.structs.replace(scenario, operators=operators)


def the_rate_is_known(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_campaign(scenario, rate=Rate.parse("9/s"))


def the_sender_cuts(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_campaign(scenario, long_messages=LongMessage.UDH8)


def only_messages_are_counted(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_campaign(scenario, rate=Rate.parse("28/s"))


def nobody_has_a_rule(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_operators(scenario, rules=[])


def nobody_moves_on(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    def still(operator: Operator) -> Operator:
        return msgspec.structs.replace(
            operator, rules=[msgspec.structs.replace(rule, then={}) for rule in operator.rules]
        )

    operators = {name: still(operator) for name, operator in scenario.operators.items()}
    return msgspec.structs.replace(scenario, operators=operators)


def nobody_answers(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    def silent(operator: Operator) -> Operator:
        return msgspec.structs.replace(
            operator, rules=[msgspec.structs.replace(rule, reply=None) for rule in operator.rules]
        )

    operators = {name: silent(operator) for name, operator in scenario.operators.items()}
    return msgspec.structs.replace(scenario, operators=operators)


def the_load_is_even(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    load = msgspec.structs.replace(scenario.workload.load, stages=None, rate=Rate.parse("20/s"), for_=Duration(70))
    return msgspec.structs.replace(scenario, workload=msgspec.structs.replace(scenario.workload, load=load))


def the_window_has_no_end(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    def endless(operator: Operator) -> Operator:
        assert operator.accounts != "any"
        accounts = [msgspec.structs.replace(account, window=1000) for account in operator.accounts]
        return msgspec.structs.replace(operator, accounts=accounts)

    operators = {name: endless(operator) for name, operator in scenario.operators.items()}
    return msgspec.structs.replace(scenario, operators=operators)


def texts_are_three_times_as_long(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_campaign(scenario, template=scenario.workload.campaign.template * 3)
