import pytest

from smppkit.message_ids import IdBase
from smppkit.status import CommandStatus
from smsc.scenario.accounts import Account, BindType, Timers
from smsc.scenario.id_style import IdStyle
from smsc.scenario.latency import Fixed, LogNormal
from smsc.scenario.mobile import MoMessage
from smsc.scenario.model import Scenario
from smsc.scenario.receipts import ReceiptForm, Receipts
from smsc.scenario.rule_model import ReceiptChange, When
from smsc.scenario.scalars import Listen
from smsc.scenario.timeline_model import MoEntry, OutageFault, ResetFault, ThrottleFault
from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads

EVENING = """
scenario: Evening campaign, one operator throttles, one restarts
seed: 42
operators:
  beeline-kz:
    listen: tcp:2775
    ids: hex
    accounts: [{system_id: shop, password: secret, binds: 2, window: 10, rate: 100/s, senders: [SHOP]}]
    submit: {latency: lognormal 40ms p99 400ms}
    receipts:
      delay: lognormal 3s p99 60s
      outcome: {DELIVRD: 94%, UNDELIV: 4%, EXPIRED: 1%, none: 1%}
      ids: decimal
      form: text
      before_response: true
      err: {UNDELIV: 069}
    rules:
      - when: {to: "77050000*", from: SHOP, account: shop}
        respond: ESME_RINVDSTADR
      - when: {text: /casino/i}
        receipt: {stat: REJECTD, err: 069, delay: 2s}
        note: spam
      - {receipt: none, respond: none, latency: 1s, probability: 5%}
    timers: {enquire_link: null, inactivity: 5m}
  kcell:
    listen: tcp:0.0.0.0:2776
timeline:
  - {at: 30s, for: 20s, operator: beeline-kz, fault: throttle, rate: 5/s}
  - {at: 60s, operator: beeline-kz, fault: reset, binds: 1}
  - {at: 60s, fault: reset}
  - {at: 2m, for: 10s, fault: outage}
  - {at: 3m, mo: {from: 77051234567, to: 1234, text: STOP}}
workload:
  campaign: {recipients: recipients.csv}
expect:
  - {metric: delivered, at_least: 93%}
"""


def test_a_whole_scenario_is_read() -> None:
    scenario = loads(EVENING, Scenario)
    beeline, kcell = scenario.operators.values()
    assert (scenario.seed, beeline.listen, kcell.listen) == (42, Listen("127.0.0.1", 2775), Listen("0.0.0.0", 2776))  # noqa: S104
    assert beeline.accounts == [Account("shop", "secret", binds=2, window=10, rate=100.0, senders=["SHOP"])]  # type: ignore[arg-type]
    assert isinstance(beeline.submit.latency, LogNormal)
    assert beeline.ids == IdStyle(IdBase.HEX)
    assert beeline.receipts.outcome == {"DELIVRD": 0.94, "UNDELIV": 0.04, "EXPIRED": 0.01, "none": 0.01}
    assert beeline.receipts.form is ReceiptForm.TEXT
    assert beeline.receipts.err == {"UNDELIV": "069"}
    first, second, third = beeline.rules
    assert first.when == When(to="77050000*", from_="SHOP", account="shop")  # type: ignore[arg-type]
    assert first.respond == int(CommandStatus.ESME_RINVDSTADR)
    assert second.receipt == ReceiptChange("REJECTD", "069", Fixed(2.0))  # type: ignore[arg-type]
    assert (third.receipt, third.respond, third.latency, third.probability) == ("none", "none", Fixed(1.0), 0.05)
    assert beeline.timers == Timers(enquire_link=None, inactivity=300.0)  # type: ignore[arg-type]
    assert scenario.workload == {"campaign": {"recipients": "recipients.csv"}}


def test_the_timeline_tells_faults_and_messages_apart() -> None:
    throttle, one, every, outage, mo = loads(EVENING, Scenario).timeline
    assert throttle == ThrottleFault(at=30.0, operator="beeline-kz", rate=5.0, for_=20.0)  # type: ignore[arg-type]
    assert one == ResetFault(at=60.0, operator="beeline-kz", binds=1)  # type: ignore[arg-type]
    assert every == ResetFault(at=60.0)  # type: ignore[arg-type]
    assert outage == OutageFault(at=120.0, for_=10.0)  # type: ignore[arg-type]
    assert mo == MoEntry(at=180.0, mo=MoMessage("77051234567", "1234", "STOP"))  # type: ignore[arg-type]


def test_an_operator_with_nothing_said_lets_anyone_in_and_delivers_after_a_second() -> None:
    (operator,) = loads("operators: {x: {}}", Scenario).operators.values()
    assert operator.accounts == "any"
    assert operator.submit.latency == Fixed(0.0)
    assert operator.receipts == Receipts()
    assert (operator.receipts.delay, operator.receipts.outcome) == (Fixed(1.0), {"DELIVRD": 1.0})


def test_an_account_may_bind_in_every_way_unless_it_says_otherwise() -> None:
    assert Account("shop", "x").bind_types == list(BindType)
    scenario = loads("operators: {x: {accounts: [{system_id: a, password: b, bind_types: [receiver]}]}}", Scenario)
    accounts = scenario.operators["x"].accounts
    assert accounts != "any"
    assert accounts[0].bind_types == [BindType.RECEIVER]


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loads(text, Scenario)
    return [f"{p.line}:{p.column} {p.path}: {p.message}" for p in caught.value.problems]


OPERATOR = "operators:\n  x:\n    "


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", '1:1 : the key "operators" is missing; expected a mapping (name: value)'),
        ("operators: {}", "1:12 operators: found 0 entries; expected at least 1"),
        ("operators: {x: }", "1:15 operators.x: found nothing; expected a mapping with persona, listen, tls"),
        ("seed: -1\noperators: {x: {}}", '1:7 seed: found "-1"; expected at least 0'),  # --seed takes no other
        (OPERATOR + "brand: hex", '3:5 operators.x: unknown key "brand"; known here: persona, listen, tls'),
        (OPERATOR + "acounts: any", '3:5 operators.x: unknown key "acounts"; did you mean "accounts"?'),
        (OPERATOR + "listen: 2775", '3:13 operators.x.listen: found "2775"; expected an address such as tcp:2775'),
        (
            OPERATOR + "accounts: [{system_id: a, password: much-too-long}]",
            '3:41 operators.x.accounts[0].password: found "much-too-long"; expected at most 8 characters',
        ),
        (
            OPERATOR + "accounts: [{system_id: a, password: b}, {system_id: a, password: c}]",
            '3:57 operators.x.accounts[1].system_id: a second account "a"',
        ),
        (
            OPERATOR + "receipts: {outcome: {DELIVRD: 94%, UNDELIV: 4%}}",
            "3:25 operators.x.receipts.outcome: the shares sum to 98%; expected 100%",
        ),
        (
            OPERATOR + "receipts: {outcome: {DELIVRED: 100%}}",
            '3:26 operators.x.receipts.outcome.DELIVRED: found "DELIVRED"; expected a state of a receipt such as ',
        ),
        (OPERATOR + "submit: {latency: slow}", '3:23 operators.x.submit.latency: found "slow"; expected a latency'),
        (
            OPERATOR + "rules: [{respond: ESME_RTHROTLED}]",
            '3:23 operators.x.rules[0].respond: found "ESME_RTHROTLED"; expected a command_status such as ',
        ),
        (
            OPERATOR + "rules: [{when: {to: x}, note: y}]",
            "3:13 operators.x.rules[0]: the rule does nothing; expected respond, receipt, latency, reply, message_id, ",
        ),
        (
            OPERATOR + "rules: [{respond: ESME_RSYSERR, receipt: {stat: DELIVRD}}]",
            "3:46 operators.x.rules[0].receipt: a refused message has no receipt; remove respond or receipt",
        ),
        (
            OPERATOR + "accounts: [{system_id: shop, password: b}]\n    rules: [{when: {account: shp}, receipt: none}]",
            '4:30 operators.x.rules[0].when.account: found "shp"; expected an account of this operator; did you mean',
        ),
        (
            OPERATOR + "rules: [{when: {text: /(/}, receipt: none}]",
            '3:27 operators.x.rules[0].when.text: found "/(/"; the regular expression is wrong: missing )',
        ),
        (
            "operators: {x: {}, y: {}}",
            "1:23 operators.y.listen: tcp:127.0.0.1:2775 is already the address of x",
        ),
        (
            "operators: {beeline: {}}\ntimeline: [{at: 1s, fault: reset, operator: beline}]",
            '2:45 timeline[0].operator: found "beline"; expected an operator of this file (beeline); did you',
        ),
        (
            "operators: {x: {}}\ntimeline: [{at: 1s, for: 2s, mo: {from: 1, to: 2, text: x}}]",
            '2:21 timeline[0]: unknown key "for"; known here: at, after, every, when, name, operator, mo',
        ),
        (
            "operators: {x: {}}\ntimeline: [{at: 1s, fault: resett}]",
            '2:28 timeline[0].fault: found "resett"; expected one of throttle, outage, slice',
        ),
        (
            "operators: {x: {}}\ntimeline: [{at: 1s}]",
            '2:12 timeline[0]: expected the key "fault" or "mo"',
        ),
        (
            "operators: {x: {}}\ntimeline: [{at: 1s, mo: {from: 1, text: x}}]",
            '2:25 timeline[0].mo: the key "to" is missing; expected text',
        ),
    ],
)
def test_a_mistake_is_located_and_explained(text: str, problem: str) -> None:
    (found,) = problems(text)
    assert found.startswith(problem)


def test_near_names_are_suggested_within_unions_too() -> None:
    (status,) = problems(OPERATOR + "rules: [{respond: ESME_RTHROTLED}]")
    assert status.endswith('or "none"; did you mean "ESME_RTHROTTLED"?')
    (stat,) = problems(OPERATOR + "receipts: {outcome: {DELIVRED: 100%}}")
    assert stat.endswith('or "none"; did you mean "DELIVRD"?')


def test_two_operators_may_both_take_any_free_port() -> None:
    loads("operators: {x: {listen: 'tcp:0'}, y: {listen: 'tcp:0'}}", Scenario)


def test_a_rule_may_only_exempt_from_later_ones() -> None:
    loads(OPERATOR + "rules: [{when: {to: '1*'}, respond: ESME_ROK}]", Scenario)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ids_v33: uuid", "operators.x.ids_v33: writes ids such as "),
        ("ids_v33: hex 9", "operators.x.ids_v33: writes ids such as 000989681; SMPP 3.3 has room for 8 characters"),
        ("congestion: {}", "operators.x.congestion: found neither state nor capacity; expected one of them, such as"),
        ("congestion: {state: 1, capacity: 1/s}", "operators.x.congestion: found both state and capacity; expected"),
        ("submit: {refuse: {0x22: 60%, 0xFF: 60%}}", "operators.x.submit.refuse: the shares sum to 120%; expected at"),
        ("submit: {refuse: {ESME_ROK: 1%}}", "operators.x.submit.refuse: found ESME_ROK; expected a status that"),
        ("submit: {window_status: 0}", "operators.x.submit.window_status: found ESME_ROK; expected a status that"),
        ("submit: {throttles: [{rate: 1/s, status: 0}]}", "operators.x.submit.throttles[0].status: found ESME_ROK"),
        ("submit: {queue: {capacity: 1, drain: 1/s, status: 0}}", "operators.x.submit.queue.status: found ESME_ROK"),
        ("submit: {senders: {unregistered: rewrite}}", "operators.x.submit.senders.unregistered: found rewrite; exp"),
        ("submit: {senders: {rewrite: X}}", "operators.x.submit.senders.rewrite: nothing is rewritten with unregis"),
        ("submit: {content: {spam_status: 0}}", "operators.x.submit.content.spam_status: found ESME_ROK; expected"),
        ("submit: {schedule: {tries: [10ms]}}", "operators.x.submit.schedule.tries[0]: expected at least 1s"),
        ("submit: {schedule: {longest: 1h}}", "operators.x.submit.schedule.validity: found 172800s; expected at"),
        ("submit: {data_codings: [256]}", 'operators.x.submit.data_codings[0]: found "256"; expected an oct'),
        ("submit: {default_messages: {255: x}}", "operators.x.submit.default_messages.255: found 255; expected an"),
        ("submit: {distribution_lists: {a: ['']}}", "operators.x.submit.distribution_lists.a[0]: expected a number"),
        ("submit: {required_tlvs: [{tag: 70000}]}", "operators.x.submit.required_tlvs[0].tag: found 70000; expected"),
        ("receipts: {esm_class: 256}", 'operators.x.receipts.esm_class: found "256"; expected an octet'),
        ("receipts: {reassembly: 0s}", "operators.x.receipts.reassembly: found 0s; expected some time, such as 5m"),
        ("receipts: {notices: [{stat: ENROUTE, esm_class: 999}]}", "operators.x.receipts.notices[0].esm_class: found"),
        (
            "subscribers: [{numbers: 1, over_time: [{is: off}, {is: on}]}]",
            "operators.x.subscribers[0].over_time[0]: on",
        ),
        ("subscribers: [{numbers: 1, repeat: true}]", "operators.x.subscribers[0].repeat: found true; expected phases"),
        ("subscribers: [{numbers: 1, over_time: [{is: off, for: 0s}]}]", "operators.x.subscribers[0].over_time[0].for"),
        ("rules: [{when: {parts: 5-2}, receipt: none}]", 'operators.x.rules[0].when.parts: found "5-2"; expected the'),
        ("rules: [{when: {encoding: utf8}, receipt: none}]", 'operators.x.rules[0].when.encoding: found "utf8"; exp'),
        ("rules: [{receipt: {esm_class: 300}}]", 'operators.x.rules[0].receipt.esm_class: found "300"; expected'),
        (
            "outbind: {addresses: {shp: 'tcp:1'}}\n    accounts: [{system_id: shop, password: x}]",
            "operators.x.outbind.addre",
        ),
        (
            "submit: {latency: dribble 1s}",
            'operators.x.submit.latency: found "dribble 1s"; a latency says when a PDU l',
        ),
        ("access: {wrong_password: ESME_ROK}", "operators.x.access.wrong_password: found ESME_ROK; expected a status"),
        ("receipts: {retry: {on: [ESME_ROK]}}", "operators.x.receipts.retry.on: found ESME_ROK; expected statuses"),
        ("receipts: {retry: {first: 2m}}", "operators.x.receipts.retry.first: found 120s; expected more than 0s, and"),
        ("receipts: {form: text, network_type: 3}", "operators.x.receipts.network_type: form: text has no TLVs to"),
        ("receipts: {form: text, conflict: {id: hex}}", "operators.x.receipts.conflict: form: text has no TLVs to"),
        (
            "{listen: 'tcp:1', tls: {certificate: a, key: b, also_plain: 1}}",
            "operators.x.tls.also_plain: 1 is the port",
        ),
        (
            "mobile_originated: {traffic: [{rate: 1/s, from: 77x, to: 1, texts: [a]}]}",
            'operators.x.mobile_originated.traffic[0].from: found "77x"; expected text like',
        ),
        ("access: {lock_out: {for: 0s}}", "operators.x.access.lock_out.for: found 0s; expected some time"),
    ],
)
def test_what_cannot_hold_is_said_where_it_stands(text: str, problem: str) -> None:
    (found,) = problems(OPERATOR + text)
    assert found.partition(" ")[2].startswith(problem)
