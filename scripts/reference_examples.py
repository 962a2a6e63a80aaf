"""Examples for each section of docs/scenarios.md: all its keys, as a scenario writes them.

For each model the info string of its blocks, and what is in each; tests/docs/test_examples_run.py serves or plays them.
"""

from typing import Final

import msgspec

from carrierlab.awaited_client import Client, Until
from carrierlab.expect import Expectation
from carrierlab.expect_message import MessageExpectation, WantedMessage
from carrierlab.expect_trace import TraceExpectation
from carrierlab.load.model import Kind, Load, Stage
from carrierlab.scenario import Campaign, LabScenario, Workload
from smsc.scenario.accounts import Access, Account, LockOut, Timers, Tls
from smsc.scenario.machines import Machine
from smsc.scenario.mobile import MobileOriginated, MoMessage, MoShape, MoTraffic, Reply, UssdSession
from smsc.scenario.model import Congestion, Operator, Outbind
from smsc.scenario.price import Price, PriceException
from smsc.scenario.receipts import Conflict, Notice, Receipts, Retry
from smsc.scenario.rule_model import Match, ReceiptChange, Rule, RuleReply, When
from smsc.scenario.submitting import Content, Queue, Schedule, SenderRules, Submit, Throttle
from smsc.scenario.subscribers import Phase, Subscriber
from smsc.scenario.timeline_model import AlertEntry, MoEntry, OutageFault, ThrottleFault, UssdEntry
from smsc.scenario.timing import After, Every, Occasion
from smsc.scenario.tlv_values import ExtraTlv, RequiredTlv, TlvMatch

OPERATOR: Final = "yaml operator"
PART: Final = "yaml part"
WHOLE: Final = "yaml scenario"

EXAMPLES: Final[dict[type[msgspec.Struct], tuple[str, ...]]] = {
    LabScenario: (
        WHOLE,
        """\
scenario: A throttle in the middle of a load
seed: 42
operators:
  beeline-kz: {listen: tcp:2775}
timeline:
  - {at: 10s, for: 10s, name: storm, fault: throttle, rate: 5/s}
phases: {storm: during storm}
workload: {load: {rate: 10/s, for: 30s}}
expect:
  - {metric: throttled, at_least: 30, phase: storm}
  - {metric: lost, equals: 0}
""",
    ),
    Operator: (
        OPERATOR,
        """\
persona: hex-id-decimal-receipt
listen: tcp:0.0.0.0:2775
tls: {certificate: cert.pem, key: key.pem}
version: 3.4
says_version: false
system_id: SMSC1
accounts: [{system_id: shop, password: secret}]
access: {binds_per_address: 4}
submit: {latency: 40ms}
receipts: {delay: 3s}
subscribers: [{numbers: "7701*", is: "off"}]
mobile_originated: {replies: [{say: {STOP: 1%}}]}
rules: [{when: {to: "77050000*"}, respond: ESME_RINVDSTADR}]
states: {login: started}
ids: hex lower 8                    # decimal, hex or uuid; `large`; "hex SAR-{}-{parts}-{part}"
ids_v33: hex
congestion: {capacity: 100/s}
commands: true
broadcast: false
outbind: {addresses: {shop: tcp:2776}}
timers: {enquire_link: 60s}
faults: [{fault: slice, size: 1, probability: 5%}]
price: 4.00 KZT
""",
    ),
    Account: (
        OPERATOR,
        """\
accounts:
  - system_id: shop
    password: secret
    binds: 2
    window: 10
    rate: 100/s
    senders: [SHOP, "1234"]
    bind_types: [transmitter, receiver]
    version: 3.3
    addresses: [10.0.0.0/8]
    numbers: ["1234"]
    deliver_window: 10
""",
    ),
    Access: (
        OPERATOR,
        """\
access:
  allow: [10.0.0.0/8, "::1"]
  address_refused: drop
  wrong_system_id: ESME_RINVSYSID
  wrong_password: ESME_RINVPASWD
  too_many_binds: ESME_RALYBND
  binds_per_address: 4
  ghost: 2m
  lock_out: {failures: 5, within: 1m, for: 5m}
  connections: 200
  connections_per_address: 10
  connect_rate: 2/s
""",
    ),
    LockOut: (OPERATOR, "access: {lock_out: {failures: 3, within: 30s, for: 10m}}\n"),
    Tls: (OPERATOR, "tls: {certificate: cert.pem, key: key.pem, client_ca: clients.pem, also_plain: 2776}\n"),
    Timers: (
        OPERATOR,
        "timers: {session_init: 5s, enquire_link: 60s, inactivity: 5m, inactive: drop, silence: 2m, response: 30s}\n",
    ),
    Submit: (
        OPERATOR,
        """\
submit:
  latency: spike 40ms to 2s 5%
  throttles: [{rate: 30/s, per: bind}]
  queue: {capacity: 1000, drain: 100/s}
  window_status: ESME_RMSGQFUL
  alphabet: latin1
  data_codings: [0, 8]
  data_coding_status: 0x433
  service_types: ["", CMT]
  senders: {alphanumeric: 11}
  content: {spam: [/casino/i]}
  required_tlvs: [{tag: 0x1400, length: 19}]
  schedule: {validity: 24h}
  error_body: nul
  tlvs: [{tag: 0x060D, text: net-1}]
  refuse: {0x400: 1%, 0x401: 0.5%}
  default_messages: {1: Your bill is ready}
  distribution_lists: {staff: ["77050000001", "77050000002"]}
""",
    ),
    Throttle: (OPERATOR, "submit: {throttles: [{rate: 30/s, per: sender, burst: 5, status: ESME_RTHROTTLED}]}\n"),
    Queue: (OPERATOR, "submit: {queue: {capacity: 500, drain: 50/s, sticky: 30s, status: ESME_RMSGQFUL}}\n"),
    SenderRules: (
        OPERATOR,
        """\
submit:
  senders:
    alphanumeric: 11
    numeric: 15
    strict_ton: true
    status: ESME_RINVSRCADR
    unregistered: rewrite           # reject | rewrite | accept-then-reject | accept
    rewrite: INFO
""",
    ),
    Content: (
        OPERATOR,
        """\
submit:
  content:
    templates: ['/^Your code is [0-9]+/', "Your order * is ready"]
    template_status: 600
    spam: [/casino/i]
    spam_status: 0x432
""",
    ),
    RequiredTlv: (
        OPERATOR,
        """\
submit:
  required_tlvs:
    - {tag: 0x1400, length: 19, status: 0x45C, wrong: 0x45D}
    - {tag: 0x1401, values: ["1107160000000000001"]}
""",
    ),
    ExtraTlv: (
        OPERATOR,
        """\
submit:
  tlvs:
    - {tag: 0x060D, text: "net-{id}"}
    - {tag: 0x1401, number: 258, size: 2}
    - {tag: 0x3FFF, octets: 00ff}
    - {tag: 0x1400, echo: true}
""",
    ),
    Schedule: (OPERATOR, "submit: {schedule: {longest: 7d, over: reject, validity: 24h, tries: [1m, 5m, 30m]}}\n"),
    Receipts: (
        OPERATOR,
        """\
receipts:
  delay: lognormal 3s p99 60s
  outcome: {DELIVRD: 94%, UNDELIV: 4%, none: 2%}
  ids: decimal
  form: both                        # text | tlv | both
  text: "id:{id:10} sub:null done date:{done:YYYYMMDDhhmmss} Stat:{stat} err:{err:4} Text:{text:10}"
  err: {UNDELIV: "069"}
  before_response: true
  esm_class: 0x00
  data_coding: 8
  carrier: data_sm
  network_type: 3
  conflict: {state: UNDELIV}
  tlvs: [{tag: 0x1400, text: "{id}"}]
  notices: [{stat: ACCEPTD, asked: false}]
  copies: 2
  rejected: true
  unasked: true
  parts: first                      # every | first | last
  one_fate: false
  reassembly: 5m
  route: same-bind                  # round-robin | same-bind | sibling | receivers
  retry: {first: 1s, longest: 60s}
""",
    ),
    Conflict: (OPERATOR, "receipts: {conflict: {state: UNDELIV, id: hex}}\n"),
    Notice: (
        OPERATOR,
        """\
receipts:
  notices:
    - {stat: ACCEPTD, after: 100ms, esm_class: 0x04, asked: false}
    - {stat: ENROUTE, after: 1s, err: "017", late: true}
""",
    ),
    Retry: (
        OPERATOR,
        'receipts: {retry: {"on": [ESME_RTHROTTLED, ESME_RX_T_APPN], first: 1s, longest: 5m, attempts: 10}}\n',
    ),
    Subscriber: (
        OPERATOR,
        """\
subscribers:
  - {numbers: "7701*", over_time: [{is: "off", for: 2m}, {is: full, for: 1m}], repeat: true}
  - {numbers: "7702*", is: ported, share: 30%, err: "006"}
  - {numbers: "7703*", is: blacklisted, respond: 0x40A}
  - {numbers: "7704*", stat: EXPIRED, delay: 1h}
""",
    ),
    Phase: (OPERATOR, 'subscribers: [{numbers: "7701*", over_time: [{is: "off", for: 2m}, {is: roaming}]}]\n'),
    MobileOriginated: (
        OPERATOR,
        """\
mobile_originated:
  shape: {long_message: udh16}
  replies: [{text: /reply yes/i, say: {"YES": 60%, "NO": 10%}}]
  traffic: [{rate: 5/s, from: "7701#######", to: "1234", texts: [STOP, HELP]}]
""",
    ),
    MoShape: (
        OPERATOR,
        """\
mobile_originated:
  shape:
    long_message: udh8
    order: shuffled
    lose_part: 1%
    repeat_part: 1%
    hide_udhi: true
    data_coding: 0
""",
    ),
    Reply: (
        OPERATOR,
        """\
mobile_originated:
  replies:
    - {to: "7701*", from: SHOP, text: /reply yes/i, say: {"YES": 60%, STOP: 5%}, after: lognormal 20s p99 1h}
""",
    ),
    MoTraffic: (
        OPERATOR,
        'mobile_originated: {traffic: [{rate: 5/s, from: "7701#######", to: "1234", texts: [STOP], most: 500}]}\n',
    ),
    Rule: (
        OPERATOR,
        """\
rules:
  - {when: {to: "77050000*"}, respond: ESME_RINVDSTADR, note: nobody has these}
  - {when: {text: /casino/i}, receipt: {stat: REJECTD}, latency: 2s, probability: 50%}
  - id: login                           # for changes at run time
    when: {text: "/code (?P<code>[0-9]+)/"}
    in: {login: started}
    then: {login: sent}
    message_id: "{id}-{code}"
    tlvs: [{tag: 0x1400, text: "{to:4}"}]
    reply: {text: "{code}", after: 20s}
states: {login: started}
""",
    ),
    When: (
        OPERATOR,
        """\
rules:
  - when:
      to: ["7705*", "/^7706[0-4]/"]       # one of them; 7705* is a prefix
      from: SHOP
      text: "*order*"
      account: shop
      encoding: ucs2                    # or a data_coding
      parts: 2+
      part: 1
      tlv: {tag: 0x1400, text: "ref-*"}   # 0x1400 alone is any
      from_ton: 5
      registered: true
      not: {to: "77050000*"}
      after: 30s
      before: 10m
      count: every 10th                 # or 3, 2-4, 5+
      rate: 5/s
      per: to
    receipt: none
""",
    ),
    Match: (
        OPERATOR,
        """\
rules:
  - when:
      not:
        to: ["7701*", "7702*"]
        from: SHOP
        text: /urgent/i
        account: shop
        encoding: gsm7
        parts: 1
        part: 1
        tlv: 0x1400
        from_ton: 5
        registered: false
    latency: 2s
""",
    ),
    TlvMatch: (
        OPERATOR,
        """\
rules:
  - {when: {tlv: {tag: 0x1400, text: "ref-*"}}, respond: ESME_RSUBMITFAIL}
  - {when: {tlv: {tag: 0x0204, number: 7}}, respond: ESME_RSUBMITFAIL}
  - {when: {tlv: {tag: 0x1401, octets: 0a1b}}, respond: ESME_RSUBMITFAIL}
""",
    ),
    RuleReply: (OPERATOR, "rules: [{when: {text: /code/i}, reply: {text: 'You wrote {text}', after: 2s}}]\n"),
    Machine: (
        OPERATOR,
        """\
states:
  login: {initial: started, per: to}    # or login: started, one for all
rules:
  - {in: {login: started}, then: {login: sent}}
  - {in: {login: sent}, respond: ESME_RSUBMITFAIL}
""",
    ),
    ReceiptChange: (
        OPERATOR,
        """\
rules:
  - receipt:
      stat: UNDELIV
      err: "069"
      delay: 10s
      ids: hex
      form: text
      text: "id:{id} stat:{stat}"
      before_response: false
      esm_class: 0x04
      data_coding: 0
      carrier: deliver_sm
      network_type: 3
      conflict: {state: DELIVRD}
      tlvs: []
      notices: []
      copies: 2
""",
    ),
    Congestion: (OPERATOR, "congestion: {capacity: 100/s}      # or state: 95\n"),
    Outbind: (OPERATOR, "outbind: {addresses: {shop: tcp:10.0.0.5:2776}, system_id: SMSC1, password: secret}\n"),
    ThrottleFault: (
        PART,
        """\
timeline:
  - {at: 10s, for: 20s, operator: beeline-kz, fault: throttle, rate: 5/s, name: storm}
  - {after: 30s, for: 5s, fault: throttle, rate: 1/s}
  - {every: 1m, for: 5s, fault: throttle, rate: 10/s}
  - {when: 100 accepted, for: 10s, fault: throttle, rate: 5/s}
""",
    ),
    OutageFault: (
        PART,
        """\
timeline:
  - {at: 3m, for: 30s, operator: kcell, fault: outage, name: night}
  - {after: {end_of: night, delay: 10s}, for: 5s, fault: outage}
  - {every: {period: 1m, times: 2}, for: 2s, operator: kcell, fault: outage}
  - {when: 100 receipts, for: 10s, operator: beeline-kz, fault: outage}
""",
    ),
    MoEntry: (
        PART,
        """\
timeline:
  - {at: 1m, operator: kcell, mo: {from: "77010000001", to: SHOP, text: "Where is it?"}, name: question}
  - {after: 10s, operator: kcell, mo: {from: "77010000001", to: SHOP, text: "Hello?"}}
  - {every: {period: 30s, times: 3}, mo: {from: "77010000002", to: SHOP, text: STOP}}
  - {when: 10 accepted, mo: {from: "77010000003", to: SHOP, text: Thanks}}
""",
    ),
    MoMessage: (
        PART,
        """\
timeline:
  - {at: 4m, mo: {from: "77010000001", to: SHOP, text: "Where is my order?", shape: {long_message: payload}}}
""",
    ),
    UssdEntry: (
        PART,
        """\
timeline:
  - {at: 1m, operator: kcell, ussd: {from: "77010000001", dials: "*100#"}, name: balance}
  - {after: 10s, operator: kcell, ussd: {from: "77010000001", dials: "*101#"}}
  - {every: {period: 30s, times: 3}, ussd: {from: "77010000002", dials: "*100#"}}
  - {when: 10 accepted, ussd: {from: "77010000003", dials: "*100#"}}
""",
    ),
    UssdSession: (
        PART,
        """\
timeline:
  - at: 1m
    ussd:
      from: "77010000001"
      dials: "*100#"
      answers: ["1", "2"]
      after: 2s
      session_id: user_message_reference
""",
    ),
    AlertEntry: (
        PART,
        """\
timeline:
  - {at: 2m, operator: beeline-kz, alert: "77010000001", account: shop, status: 0, name: back}
  - {after: 10s, alert: "77010000002"}
  - {every: {period: 30s, times: 3}, alert: "77010000003"}
  - {when: 10 accepted, alert: "77010000004"}
""",
    ),
    After: (
        PART,
        """\
timeline:
  - {at: 1m, for: 30s, name: storm, fault: throttle, rate: 5/s}
  - {after: {start_of: storm, delay: 10s}, fault: reset, binds: 1}
  - {after: {end_of: storm}, fault: unbind}
  - {after: 5s, fault: reset}           # after the entry before it began
""",
    ),
    Every: (PART, "timeline: [{at: 30s, every: {period: 20s, times: 5, until: 2m}, for: 2s, fault: stall}]\n"),
    Occasion: (
        PART,
        """\
timeline:
  - {when: 1000 accepted, fault: restart}      # the same as when: {accepted: 1000}
  - {when: {refused: 10, operator: kcell, delay: 5s, times: 3}, operator: beeline-kz, fault: reset}
  - {when: {accepted: 100}, operator: kcell, mo: {from: "77010000001", to: SHOP, text: STOP}}
  - {when: {mo: 1}, for: 5s, fault: stall}
  - {when: {submitted: 500}, for: 5s, fault: slice}
  - {when: {receipts: 200}, fault: reset, binds: 1}
  - {when: {binds: 3}, for: 5s, fault: throttle, rate: 5/s}
""",
    ),
    Price: (OPERATOR, "price: {segment: 4.00 KZT, except: [{from: BANK, segment: 5.50}]}\n"),
    PriceException: (OPERATOR, 'price: {segment: 4.00 KZT, except: [{to: "7705*", from: SHOP, segment: 3.20}]}\n'),
    Workload: (
        PART,
        "workload: {load: {rate: 10/s, for: 30s}}\n",
        'workload: {campaign: {recipients: recipients.csv, template: "Hello {name}", sender: SHOP}}\n',
        "workload: {client: {for: 60s}}\n",
    ),
    Campaign: (
        PART,
        """\
workload:
  campaign:
    recipients: recipients.csv
    limit: 500
    template: "{name|Dear client}, your order {order} is ready"
    sender: SHOP
    country: KZ
    class: service
    routes: [{prefix: "7705", operator: beeline-kz}, {operator: kcell}]
    binds: 2
    bind: transmitter+receiver
    window: 20
    rate: 50/s
    alphabets: [gsm7, ucs2]
    long_messages: sar
    retry: {first: 1s, longest: 30s}
    response_timeout: 10s
    receipt_wait: 2m
""",
    ),
    Load: (
        PART,
        """\
workload:
  load:
    operator: beeline-kz
    account: shop
    arrival: burst
    burst: 20
    rate: 50/s
    for: 30s
    mix: [{text: "Your code is {digits:6}"}]
    binds: 2
    bind: transmitter+receiver
    window: 20
    response_timeout: 10s
    give_up: 5s
    receipt_wait: 1m
""",
        "workload: {load: {rate: 50/s, count: 500}}\n",
        "workload: {load: {stages: [{rate: 10/s, for: 10s}, {from: 10/s, to: 50/s, for: 10s}]}}\n",
    ),
    Stage: (
        PART,
        """\
workload:
  load:
    stages:
      - {rate: 20/s, for: 30s}
      - {from: 20/s, to: 200/s, for: 10s}
      - {for: 10s}                      # nothing
      - {rate: 50/s, count: 500}
""",
    ),
    Kind: (
        PART,
        """\
workload:
  load:
    rate: 10/s
    count: 1000
    mix:
      - {share: 70%, to: "7705#######", from: SHOP, text: "No {n}: your code is {digits:6}"}
      - {share: 20%, operator: kcell, length: 300, alphabet: ucs2, long_message: udh16}
      - {text: Sale!, registered: false}
""",
    ),
    Client: (PART, "workload: {client: {for: 60s, until: {unbound: true}}}\n"),
    Until: (PART, "workload: {client: {for: 60s, until: {accepted: 100, unbound: true}}}\n"),
    Expectation: (
        PART,
        """\
phases: {calm: 0s-30s}
expect:
  - {metric: delivered, between: [90%, 97%], operator: kcell}
  - {metric: submits, at_least: 10, operator: beeline-kz, account: shop}
  - {metric: submit_latency, percentile: 99.9, at_most: 1s, phase: calm}
  - {metric: lint_findings, severity: error, equals: 0, note: nothing that breaks the protocol}
""",
    ),
    MessageExpectation: (
        PART,
        """\
phases: {calm: 0s-30s}
expect:
  - {message: {to: "77011234567", text: "*code 1234*"}, equals: 1, operator: kcell}
  - {message: {from: SHOP}, at_least: 10, operator: beeline-kz, account: shop}
  - {message: {from: SHOP}, at_most: 100, phase: calm, note: the evening begins slowly}
  - {message: {parts: 2+}, between: [0, 5]}
""",
    ),
    WantedMessage: (PART, 'expect: [{message: {to: "7705*", from: SHOP, text: /code/, parts: 1, state: DELIVRD}}]\n'),
    TraceExpectation: (PART, "expect: [{trace: 9c1e5f0a77b2, note: the run that we looked at}]\n"),
}
