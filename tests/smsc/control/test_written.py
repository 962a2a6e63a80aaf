"""What is written of a value is what a file would say: read again, it is the value."""

from __future__ import annotations

import msgspec
import pytest

from smsc.control.kinds import kinds
from smsc.control.orders import read_order
from smsc.control.written import written
from smsc.scenario.rule_model import Rule
from yamlmodel.loader import loads

RULES = [
    "{when: {to: 7700*, from: [SHOP, BANK], text: /casino/i, account: shop*}, respond: ESME_RINVDSTADR}",
    "{when: {parts: 2+, part: 1-2, encoding: ucs2, tlv: 0x1400, registered: true}, respond: none, probability: 5%}",
    "{when: {count: 3, rate: 10/s, per: to, after: 30s}, latency: uniform 10ms 50ms, note: x}",
    "{when: {count: every 3rd, not: {to: 77*}}, latency: lognormal 40ms p99 400ms}",
    "{when: {count: 5+}, latency: spike 40ms to 2s 5%}",
    "{latency: normal 40ms 5ms, then: {login: sent}, in: {login: started}}",
    "{latency: never}",
    "{receipt: none, id: mine}",
    "{receipt: {stat: UNDELIV, err: '069', delay: 3s, ids: hex lower 8, tlvs: [{tag: 0x1400, text: hi}], copies: 2}}",
    "{message_id: 'X-{id}', tlvs: [{tag: 5, number: 1, size: 2}], reply: {text: 'You wrote: {text}', after: 2s}}",
]


@pytest.mark.parametrize("text", RULES)
def test_a_rule_that_is_written_and_read_is_the_same_rule(text: str) -> None:
    rule = loads(text, Rule)
    again = read_order(msgspec.json.encode(written(rule)), Rule)
    assert msgspec.structs.replace(again, latency=None) == msgspec.structs.replace(rule, latency=None)
    for share in (0.01, 0.5, 0.97, 0.999):
        if rule.latency is not None and again.latency is not None:
            assert again.latency.at(share) == pytest.approx(rule.latency.at(share), rel=1e-4)


def test_the_defaults_of_faults_are_written_as_in_a_file() -> None:
    """Forms show them."""
    values = [key.default for kind in kinds() for key in kind.keys]
    assert all(value is None or isinstance(value, str | int | float | bool | list) for value in values)
