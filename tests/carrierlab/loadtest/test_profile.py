from __future__ import annotations

from pathlib import Path

import pytest

from carrierlab.loadtest.profile import (
    Address,
    LoadAccount,
    LoadTls,
    Profile,
    Url,
    accounts_of,
    anybody_may_bind,
    host_of,
    load_profile,
    stranger_problem,
)
from tests.certificates import Authority
from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads

OPERATORS = """\
operators:
  kcell: {accounts: [{system_id: shop, password: x}]}
  any: {listen: tcp:2776}
"""
PROFILES = Path(__file__).parents[3] / "loadtests" / "profiles"
SMPP = 'target: {smpp: "127.0.0.1:2775", accounts: [{system_id: a, password: b}]}\n'
OPEN = SMPP + "mode: open\nshape: {shape: steady, at: 10/s, for: 1m}\n"


def problems(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loads(text, Profile, "profile.yaml")
    return str(caught.value)


@pytest.mark.parametrize("file", sorted(PROFILES.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_profile_of_the_repository_is_valid(file: Path) -> None:
    assert load_profile(file).profile


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("target: {emulater: x}", '1:10: target: unknown key "emulater"; did you mean "emulator"?'),
        ("target: {}", "expected exactly one of emulator, smpp, api, control"),
        ('target: {smpp: "127.0.0.1"}', 'the key "accounts" is missing'),
        ('target: {smpp: "127.0.0.1:0", accounts: [{system_id: a, password: b}]}', "an address such as 127.0.0.1:2775"),
        ("target: {api: 'http://127.0.0.1/v1'}", "a URL such as"),
        ("target: {api: 'http://127.0.0.1', accounts: [{system_id: a, password: b}]}", "accounts: belongs to SMPP"),
        ("target: {control: 'http://127.0.0.1', follow: 5%}", "asks the sender's API"),
        ("target: {smpp: h, accounts: [{system_id: a}]}", "expected password or password_env"),
        (SMPP + "mode: open", 'the key "shape" is missing; an open loop needs one'),
        (SMPP + "mode: opne", 'did you mean "open"?'),
        (SMPP + "mode: open\nshape: {shape: steady, at: 10, for: 1m}", "expected a rate such as 10/s in an open loop"),
        (SMPP + "shape: {shape: steady, at: 10/s, for: 1m}", "expected a number of users such as 20"),
        (OPEN.replace("1m", "0s"), "shape.for: found 0 s; expected a time above zero"),
        (OPEN.replace("steady, at: 10/s, for: 1m", "ramp, from: 1/s, to: 9/s, for: 0s"), "shape.for: found 0 s"),
        (
            OPEN.replace("steady, at: 10/s, for: 1m", "limit, from: 1/s, by: 1/s, most: 9/s, confirm: 0s"),
            "shape.confirm: found 0 s",
        ),
        ("target: {emulator: nowhere.yaml}", "target.emulator: "),
        ("target: {emulator: nowhere.yaml}", "nowhere.yaml is no file; expected a scenario"),
        (SMPP + "shape: {shape: stedy, at: 10, for: 1m}", 'did you mean "steady"?'),
        (SMPP + "shape: {shape: limit, from: 1/s, by: 1/s, most: 9/s}", "a search for the limit needs an open loop"),
        (OPEN + "safety: {rate: 5/s}", "comes to 10 PDUs a second; safety.rate allows 5/s"),
        (OPEN + "safety: {messages: 100}", "has about 600 PDUs; safety.messages allows 100"),
        (OPEN + "safety: {rate: 20/s}\nmix: [{length: 400}]", "(a message has 3 parts)"),
        (OPEN + "thresholds: {latency: {submitsm: {p99: 1s}}}", 'did you mean "submit_sm"?'),
        (OPEN + "thresholds: {latency: {GET /healthz: {p99: 1s}}}", "is not measured where the target is smpp"),
        (OPEN + "thresholds: {statuses: {ESME_RTHROTLED: 1%}}", "did you mean ESME_RTHROTTLED?"),
        (OPEN + "mix: [{numbers: {csv: /nowhere.csv, column: x}}]", "cannot be read"),
        (OPEN + "mix: [{share: 50%}, {share: 40%}]", "the shares add up to 90%"),
        (OPEN + "mix: [{from: A, senders: [B]}]", "found from and senders"),
        (OPEN + "mix: [{senders: [LONGER-THAN-ELEVEN]}]", "mix[0].senders[0]"),
        ("target: {control: 'http://127.0.0.1', tls: {}}", "tls: belongs to SMPP; the target is control"),
        ("target: {api: 'http://127.0.0.1', bind: transmitter+receiver}", "bind: belongs to SMPP"),
        (SMPP.replace("smpp:", "tls: {ca: /nowhere.pem}, smpp:"), "target.tls.ca: cannot read /nowhere.pem"),
        ("target: {control: 'http://127.0.0.1'}\nmode: open\nshape: {shape: steady, at: 1/s, for: 1s}", "closed loop"),
    ],
)
def test_what_is_wrong_is_said_with_its_remedy(text: str, said: str) -> None:
    assert said in problems(text)


def test_a_column_that_is_not_there_is_told_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("phone\n7705\n")
    file = tmp_path / "profile.yaml"
    file.write_text(OPEN + "mix: [{numbers: {csv: numbers.csv, column: phones}}]")
    with pytest.raises(ConfigError, match='did you mean "phone"'):
        load_profile(file)


def test_the_emulators_scenario_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "operator.yaml").write_text(OPERATORS)
    file = tmp_path / "profile.yaml"
    file.write_text("target: {emulator: operator.yaml, operator: kcel}")
    with pytest.raises(ConfigError, match=r'expected an operator of the scenario .*did you mean "kcell"'):
        load_profile(file)
    file.write_text("target: {emulator: operator.yaml}")
    profile = load_profile(file)
    assert accounts_of(profile.target) == [LoadAccount("shop", "x")]
    assert not anybody_may_bind(profile.target)
    file.write_text("target: {emulator: operator.yaml, operator: any}")
    assert anybody_may_bind(load_profile(file).target)
    file.write_text("target: {emulator: nowhere.yaml}")
    with pytest.raises(ConfigError, match="nowhere"):
        load_profile(file)


def test_an_emulator_that_takes_tls_is_spoken_to_in_tls(tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    certificate, key = ca.signs("op")
    (tmp_path / "operator.yaml").write_text(
        f"operators: {{safe: {{tls: {{certificate: {certificate}, key: {key}}}}}, plain: {{listen: 'tcp:2776'}}}}"
    )
    file = tmp_path / "profile.yaml"
    file.write_text("target: {emulator: operator.yaml, operator: safe}")
    with pytest.raises(ConfigError, match=r"profile.yaml:1:9: target.tls: the operator safe .* takes TLS only"):
        load_profile(file)
    file.write_text("target: {emulator: operator.yaml, operator: plain, tls: {}}")
    with pytest.raises(ConfigError, match=r"the operator plain .* takes no TLS"):
        load_profile(file)
    file.write_text("target: {emulator: operator.yaml, operator: safe, tls: {ca: test-ca.pem}}")
    assert load_profile(file).target.tls == LoadTls(ca=ca.path)


def test_passwords_come_from_the_environment() -> None:
    account = LoadAccount("shop", password_env="SHOP_PASSWORD")
    assert account.secret({"SHOP_PASSWORD": "x"}) == "x"
    with pytest.raises(LookupError, match="SHOP_PASSWORD is not set"):
        account.secret({})


def test_variables_take_the_place_of_the_files(tmp_path: Path) -> None:
    file = tmp_path / "profile.yaml"
    file.write_text("vars: {users: 3}\n" + SMPP + "users: ${users}\n")
    assert load_profile(file).users == 3
    assert load_profile(file, {"users": "7"}).users == 7


@pytest.mark.parametrize("address", ["127.0.0.1:2775", "localhost:2775", "[::1]:2775", "http://127.8.8.8:80"])
def test_this_machine_may_be_put_under_load(address: str) -> None:
    assert stranger_problem(address, None, loads(SMPP, Profile)) is None


def test_another_one_has_to_be_named_and_limited() -> None:
    careless, careful = loads(SMPP, Profile), loads(SMPP + "safety: {rate: 5/s, messages: 100}", Profile)
    where = "smsc.example.org:2775"
    assert "safety: {rate" in str(stranger_problem(where, "smsc.example.org", careless))
    assert "up to 5 a second and 100 in all. Say --yes-this-is smsc.example.org" in str(
        stranger_problem(where, None, careful)
    )
    assert "names 10.0.0.1, but the target is" in str(stranger_problem(where, "10.0.0.1", careful))
    assert stranger_problem(where, "smsc.example.org", careful) is None


def test_addresses() -> None:
    assert Address.parse("smsc").pair == ("smsc", 2775)
    assert Address.parse("[::1]:17").pair == ("::1", 17)
    assert host_of(Url.parse("https://api.example.org:8443/")) == "api.example.org"
