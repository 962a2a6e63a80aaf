import textwrap
from pathlib import Path

import pytest

from sender.channels.account import Account, BindKind
from sender.config.binds import BindMode
from sender.config.file import SenderConfig, load_config
from sender.config.operator import OperatorConfig
from sender.domain.message import MessageClass
from sender.domain.retry import RetryClass
from sender.domain.routing import Prefer
from sender.pipeline.routing import make_router
from smppkit.segments import LongMessage
from smppkit.text import Alphabet
from yamlmodel.errors import ConfigError

LEAST = """\
country: kz
operators:
  beeline-kz: {host: smsc.example, system_id: shop, password: secret}
routes:
  - {operator: beeline-kz}
"""


@pytest.fixture
def write(tmp_path: Path):
    def write_it(text: str) -> Path:
        path = tmp_path / "sender.yaml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write_it


def read(path: Path, **environ: str) -> SenderConfig:
    return load_config(path, environ)


def problems(path: Path, **environ: str) -> list[tuple[int, str]]:
    with pytest.raises(ConfigError) as caught:
        load_config(path, environ)
    return [(problem.line, f"{problem.path}: {problem.message}") for problem in caught.value.problems]


def test_the_least_that_works(write, tmp_path):
    config = read(write(LEAST))
    operator = config.operators["beeline-kz"]
    assert config.store == tmp_path / "campaign.sqlite"
    assert config.country == "KZ"
    assert (operator.port, operator.secret, operator.bind, operator.binds) == (2775, "secret", BindMode.TRANSCEIVER, 1)
    assert (operator.window, operator.rate, operator.source) == (10, None, None)
    assert (operator.alphabets, operator.long_messages) == ([Alphabet.GSM7, Alphabet.UCS2], LongMessage.UDH8)
    assert (config.retry.first, config.retry.longest, config.retry.give_up) == (1.0, 60.0, 3600.0)


def test_everything_that_can_be_said(write, tmp_path):
    config = read(
        write("""\
        store: data/evening.sqlite
        country: TR
        operators:
          beeline-kz:
            host: smsc.example
            port: 8000
            system_id: shop
            password: secret
            system_type: VMA
            bind: transmitter+receiver
            binds: 2
            window: 20
            rate: 600/m
            alphabets: [latin1, ucs2]
            long_messages: sar
            response_timeout: 20s
            enquire_link: 1m
            source: {ton: 5, npi: 0}
          kcell: {host: k.example, system_id: shop, password: other}
        routes:
          - {prefix: "7705", operator: beeline-kz}
          - {prefix: 7701, operator: kcell}
          - {operator: kcell}
        retry: {first: 500ms, longest: 10s, give_up: 5m}
        """)
    )
    operator = config.operators["beeline-kz"]
    assert config.store == tmp_path / "data" / "evening.sqlite"
    assert (operator.bind, operator.rate, operator.enquire_link) == (BindMode.PAIR, 10.0, 60.0)
    assert operator.source is not None
    assert (operator.source.ton, operator.source.npi) == (5, 0)
    router = make_router(config)
    choices = [router.route(number) for number in ("77051", "77011", "90")]
    assert [choice and choice.account for choice in choices] == ["beeline-kz", "kcell", "kcell"]
    assert (config.retry.first, config.retry.give_up) == (0.5, 300.0)


LONG = """\
country: kz
operators:
  a: {host: a.example, system_id: shop, password: secret, retry: {first: 5s, statuses: {ESME_RSYSERR: safe}}}
  b: {host: b.example, system_id: shop, password: secret}
networks: {virtual-kz: [Virtual]}
routes:
  - network: [beeline-kz, virtual-kz]
    class: code
    sender: SHOP
    to: [{account: a, weight: 3, price: 2.8}, {account: b, price: 3.1}]
    prefer: price
    quality: 90%
  - {operator: b}
retry:
  attempts: 8
  statuses: {ESME_RSYSERR: unsafe, "0x400": safe}
health: {after: 5s, failover_after: 20s}
"""


def test_routes_and_retries_with_everything(write):
    config = read(write(LONG))
    route = config.routes[0].route()
    assert (route.networks, route.sender, route.message_class) == (
        ("beeline-kz", "virtual-kz"),
        "SHOP",
        MessageClass.CODE,
    )
    assert [(it.account, it.weight, it.price) for it in route.targets] == [("a", 3.0, 2.8), ("b", 1.0, 3.1)]
    assert (route.prefer, route.quality) == (Prefer.PRICE, 0.9)
    assert config.routes[1].accounts == ("b",)
    assert (config.health.after, config.health.failover_after, config.health.rest) == (5.0, 20.0, 30.0)
    general = config.operators["b"].retry.over(config.retry)
    assert (general.retry_class(8), general.retry_class(0x400)) == (RetryClass.UNSAFE, RetryClass.SAFE)
    assert (general.first, general.attempts) == (1.0, 8)
    own = config.operators["a"].retry.over(config.retry)
    assert (own.retry_class(8), own.retry_class(0x400), own.first) == (RetryClass.SAFE, RetryClass.SAFE, 5.0)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("network: [beeline-kz, virtual-kz]", "network: beline-kz", 7, 'did you mean "beeline-kz"?'),
        ("{account: b, price: 3.1}", "{account: c, price: 3.1}", 10, "expected an operator of this file"),
        ("{account: b, price: 3.1}", "{account: b}", 10, "no price; expected one, because prefer is price"),
        ("prefer: price", "prefer: order", 10, "a weight says nothing here; expected prefer: weight"),
        ("{account: b, price: 3.1}", "{account: a, price: 3.1}", 10, '"a" stands here twice'),
        ("prefer: price", "operator: b", 7, "expected exactly one of operator and to"),
        ("ESME_RSYSERR: unsafe", "ESME_RSYSER: unsafe", 16, "expected a command_status such as ESME_RSYSERR or 0x400"),
        ("ESME_RSYSERR: unsafe", "ESME_RSYSERR: maybe", 16, "expected one of safe, unsafe, permanent"),
        ("ESME_RSYSERR: unsafe", "ESME_ROK: unsafe", 16, "expected statuses of refusals"),
        ("after: 5s", "rest: 0s", 17, "expected more than 0s"),
        ("after: 5s", "rest: 2h", 17, "expected at least rest"),
    ],
)
def test_a_mistake_in_routing_is_told_with_its_line(write, old, new, line, words):
    assert old in LONG
    [(found, message)] = problems(write(LONG.replace(old, new)))
    assert words in message
    assert found == line


def test_the_password_may_be_in_the_environment_or_in_a_file(write, tmp_path):
    (tmp_path / "kcell.password").write_text("in file\r\n")
    path = write("""\
        country: KZ
        operators:
          one: {host: a, system_id: shop, password_env: ONE_PASSWORD}
          two: {host: b, system_id: shop, password_file: kcell.password}
        routes: [{operator: one}]
        """)
    config = read(path, ONE_PASSWORD="from env")
    assert [operator.secret for operator in config.operators.values()] == ["from env", "in file"]


def test_passwords_that_cannot_be_read_are_named_at_their_lines(write, tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "long").write_text("123456789")
    path = write("""\
        country: KZ
        operators:
          one: {host: a, system_id: shop, password_env: UNSET}
          two:
            host: b
            system_id: shop
            password_file: nowhere
          three: {host: a, system_id: shop, password_file: binary}
          four: {host: a, system_id: shop, password_file: long}
        routes: [{operator: one}]
        """)
    found = problems(path)
    assert [line for line, _ in found] == [3, 7, 8, 9]
    assert "operators.one.password_env: the environment variable UNSET is not set" in found[0][1]
    assert "nowhere cannot be read: No such file" in found[1][1]
    assert "binary is not text" in found[2][1]
    assert "the password has 9 characters; SMPP allows 8" in found[3][1]


@pytest.mark.parametrize(
    ("given", "line", "words"),
    [
        ("", 3, "no password; expected one of password, password_env, password_file"),
        ("password: a, password_env: B", 3, "password is given too; expected exactly one of"),
        ("password: very-secret", 3, "the password has 11 characters; SMPP allows 8"),
        ("password: пароль", 3, "characters that SMPP does not allow"),
        ("password: a, system_type: 0123456789abc", 3, "the system_type has 13 characters; SMPP allows 12"),
        ("password: a, alphabets: [gsm7, gsm7]", 3, "the same alphabet twice"),
        ("password: a, alphabets: [octets]", 3, "holds no text"),
        ("password: a, alphabets: [gsm8]", 3, 'did you mean "gsm7"'),
        ("password: a, response_timeout: 0s", 3, "expected more than 0s"),
        ("password: a, windw: 5", 3, 'unknown key "windw"; did you mean "window"'),
        ("password: a, window: 0", 3, "at least 1"),
        ("password: a, rate: fast", 3, "a rate such as 100/s"),
        ("password: a, bind: transciever", 3, 'did you mean "transceiver"'),
    ],
)
def test_a_mistake_in_an_operator_is_told_with_its_line(write, given, line, words):
    account = f"beeline-kz: {{host: a, system_id: shop, {given}}}"
    text = f"country: KZ\noperators:\n  {account}\nroutes: [{{operator: beeline-kz}}]\n"
    [(found, message)] = problems(write(text))
    assert found == line
    assert words in message
    assert "very-secret" not in message


@pytest.mark.parametrize(
    ("routes", "words"),
    [
        ("[{operator: beline-kz}]", 'routes[0].operator: found "beline-kz"; expected an operator of this file'),
        ("[{operator: beline-kz}]", 'did you mean "beeline-kz"'),
        ("[{operator: beeline-kz}, {operator: beeline-kz}]", "routes[1]: a second route for every message"),
        (
            "[{operator: beeline-kz, prefix: 77}, {operator: beeline-kz, prefix: 77}]",
            "routes[1].prefix: a second route for prefix 77",
        ),
        ("[{operator: beeline-kz, prefix: +77}]", "without plus, such as 7705"),
        ("[{operator: beeline-kz, prefix: 0775}]", "without plus, such as 7705"),
    ],
)
def test_a_mistake_in_a_route_is_told_with_its_line(write, routes, words):
    [(line, message)] = problems(write(LEAST.replace("  - {operator: beeline-kz}", "  " + routes)))
    assert line == 5
    assert words in message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("country: kz", "country: Kazakhstan"), "a country code of two letters such as KZ"),
        (("country: kz\n", ""), 'the key "country" is missing'),
        (
            ("country: kz", "country: kz\nretry: {first: 2m}"),
            "retry.longest: found 60s; expected at least first (120s)",
        ),
        (("country: kz", "country: kz\nretry: {first: 0s}"), "retry.first: found 0s; expected more than 0s"),
    ],
)
def test_other_mistakes(write, change, words):
    assert words in problems(write(LEAST.replace(*change)))[0][1]


SEVERAL = """\
country: KZ
operators:
  beeline:
    endpoints: [smsc-a.example:8000, smsc-b.example]
    tls: {}
    rate: 50/s
    alphabets: [ucs2]
    timers: {connect: 3s, reconnect: {first: 2s, longest: 4m}}
    accounts:
      ads: {system_id: ads, password: one, weight: 3, timers: {connect: 5s}}
      codes:
        system_id: codes
        password_env: CODES
        rate: 10/s
        binds: {transmitters: 2, receivers: 1, transceivers: 1}
        sender_rates: {SHOP: 10/s, "+7705": 1/s}
  kcell: {host: k.example, system_id: shop, password: other}
routes:
  - {prefix: "7705", operator: beeline}
  - {prefix: "7701", operator: beeline/codes}
  - {operator: kcell}
"""


def test_accounts_have_what_their_operator_says_and_names_of_both(write):
    config = read(write(SEVERAL), CODES="two")
    accounts = config.accounts()
    assert list(accounts) == ["beeline/ads", "beeline/codes", "kcell"]
    ads, codes = accounts["beeline/ads"], accounts["beeline/codes"]
    assert (ads.system_id, ads.secret, ads.rate, ads.alphabets) == ("ads", "one", 50, [Alphabet.UCS2])
    assert (codes.secret, codes.rate, codes.tls is not None) == ("two", 10, True)
    assert (ads.timers.connect, codes.timers.connect, ads.timers.reconnect.longest) == (5, 3, 240)
    assert [(place.host, place.port) for place in ads.places] == [("smsc-a.example", 8000), ("smsc-b.example", 2775)]
    assert config.accounts_of("beeline") == {"beeline/ads": 3, "beeline/codes": 1}
    assert config.accounts_of("beeline/codes") == {"beeline/codes": 1}
    assert config.accounts_of("beeline/none") == {}


def test_what_a_channel_is_made_of(write):
    account = Account.of("beeline/codes", read(write(SEVERAL), CODES="two").accounts()["beeline/codes"])
    trx, tx, rx = BindKind.TRANSCEIVER, BindKind.TRANSMITTER, BindKind.RECEIVER
    assert account.kinds == (trx, tx, rx, tx)
    assert account.places == (("smsc-a.example", 8000), ("smsc-b.example", 2775))
    assert account.sender_rates == {"SHOP": 10, "7705": 1}
    assert (account.connect_timeout, account.reconnect_first, account.reconnect_longest) == (3, 2, 240)


def test_an_operators_accounts_share_its_numbers_by_weight(write):
    config = read(write(SEVERAL), CODES="two")
    router = make_router(config)

    def account(number: str) -> str | None:
        choice = router.route(number)
        return None if choice is None else choice.account

    numbers = [f"7705{number:07d}" for number in range(4000)]
    found = [account(number) for number in numbers]
    assert 2850 <= found.count("beeline/ads") <= 3150
    assert found.count("beeline/codes") == 4000 - found.count("beeline/ads")
    assert found == [account(number) for number in numbers]
    assert account("77010000000") == "beeline/codes"
    assert account("79160000000") == "kcell"


def test_an_operator_among_others_of_a_route_stands_for_its_accounts(write):
    routes = "routes: [{to: [{account: beeline, weight: 4}, {account: kcell, weight: 1}], prefer: weight}]\n"
    config = read(write(SEVERAL[: SEVERAL.index("routes:")] + routes), CODES="two")
    (route,) = make_router(config).routes
    assert [(target.account, target.weight) for target in route.targets] == [
        ("beeline/ads", 3.0),
        ("beeline/codes", 1.0),
        ("kcell", 1.0),
    ]


def test_everything_about_binds(write):
    config = read(
        write("""\
        country: KZ
        operators:
          one:
            host: a
            system_id: shop
            password: secret
            interface_version: 5.0
            address_range: "7705.*"
            addr_ton: 1
            addr_npi: 1
            window: auto
            window_most: 40
            bind_rate: 5/s
            outbind: {listen: "[::1]:2900", system_id: smsc, password: p, bind: transceiver, binds: 2,
                      peers: [10.0.0.0/8]}
            timers:
              session_init: 5s
              enquire_link_response: 4s
              inactivity: 2m
              unbind: 3s
              refused: {first: 2m, longest: 1h}
        routes: [{operator: one}]
        """)
    )
    account = Account.of("one", config.accounts()["one"])
    assert (account.window, account.window_auto, account.bind_rate, account.interface_version) == (40, True, 5, 0x50)
    assert account.outbind is not None
    assert (account.outbind.host, account.outbind.port, account.outbind.binds) == ("::1", 2900, 2)
    assert (account.outbind.kind, account.outbind.peers) == (BindKind.TRANSCEIVER, ("10.0.0.0/8",))
    session = account.session_config()
    assert (session.bind_timeout, session.enquire_link_timeout, session.inactivity_timeout) == (5, 4, 120)
    assert (session.unbind_timeout, account.refused_first, account.refused_longest) == (3, 120, 3600)
    assert "secret" not in repr(account)
    assert "password" not in repr(account.outbind)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("system_id: a, password: b", 'the key "host" is missing'),
        ("host: a, password: b", 'the key "system_id" is missing'),
        ("host: a, endpoints: [b], system_id: a, password: b", "host is given too"),
        ("endpoints: [b:0], system_id: a, password: b", "host:port such as smsc.example:2775"),
        ("host: 'smsc.example:2775', system_id: a, password: b", 'the port goes into "port"'),
        ("host: 'smpp://smsc.example', system_id: a, password: b", "expected a name or an address alone"),
        ("host: 'smsc..example', system_id: a, password: b", "expected a name or an address alone"),
        ("endpoints: ['smpp://smsc.example:2775'], system_id: a, password: b", "host:port such as smsc.example:2775"),
        ("host: smsc_1, system_id: a, password: b, tls: {}", 'no certificate can be for the name "smsc_1"'),
        ("host: a, system_id: a, password: b, window_most: 5", "found without `window: auto`"),
        ("host: a, system_id: a, password: b, window: many", "a whole number such as 10 or"),
        ("host: a, system_id: a, password: b, binds: {receivers: 1}", "nothing can be submitted"),
        ("host: a, system_id: a, password: b, interface_version: 3.3", "SMPP 3.3 has no transceivers"),
        ("host: a, system_id: a, password: b, timers: {unbind: 0s}", "found 0s; expected more than 0s"),
        ("host: a, system_id: a, password: b, timers: {refused: {first: 2s, longest: 1s}}", "at least first (2s)"),
        ("host: a, system_id: a, password: b, outbind: {system_id: x}", "no password; expected one of password"),
        ("host: a, system_id: a, password: b, outbind: {system_id: x, password: y, peers: [host]}", "such as 10.1"),
        ("host: a, accounts: {x/y: {system_id: a, password: b}}", 'one without "/"'),
        ("host: a, system_id: a, password: b, accounts: {x: {windw: 3}}", 'did you mean "window"'),
    ],
)
def test_a_mistake_about_binds_is_told_with_its_line(write, given, words):
    text = f"country: KZ\noperators:\n  beeline: {{{given}}}\nroutes: [{{operator: beeline}}]\n"
    found = problems(write(text))
    assert found[0][0] == 3
    assert words in found[0][1]


@pytest.mark.parametrize("host", ["smsc_1", "::1", "fe80::1%eth0", "127.0.0.1", "пример.рф", "localhost."])
def test_a_host_is_any_name_or_address(write, host):
    text = f"country: KZ\noperators:\n  beeline: {{host: '{host}', system_id: a, password: b}}\n"
    load_config(write(text + "routes: [{operator: beeline}]\n"), {})


def test_two_accounts_do_not_listen_on_one_address(write):
    outbind = "outbind: {system_id: smsc, password: p}"
    text = "country: KZ\noperators:\n"
    text += f"  one: {{host: a, system_id: a, password: b, {outbind}}}\n"
    text += f"  two:\n    host: a\n    accounts:\n      x: {{system_id: a, password: b, {outbind}}}\n"
    text += "routes: [{operator: one}]\n"
    [(line, message)] = problems(write(text))
    assert line == 7
    assert "one listens on 127.0.0.1:2775 already" in message


def test_a_password_that_accounts_inherit_is_missed_once(write):
    text = "country: KZ\noperators:\n  one:\n    host: a\n    password_env: UNSET\n    accounts:\n"
    text += "      x: {system_id: a}\n      y: {system_id: b}\nroutes: [{operator: one}]\n"
    assert len(problems(write(text))) == 2  # each account at its own line


def test_a_configuration_prints_without_its_passwords(write):
    assert "secret" not in repr(read(write(LEAST)))


def test_a_password_that_was_not_read_is_a_mistake_of_the_program():
    with pytest.raises(RuntimeError, match="load_config"):
        _ = OperatorConfig(host="a", system_id="b", password_env="C").secret
