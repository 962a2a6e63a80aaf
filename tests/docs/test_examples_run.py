"""Every example of the keys of a scenario does something: operators are served, parts of scenarios are played.

An operator is served in memory on a simulated clock; somebody binds and submits, and is answered. A part of a scenario
is completed into a whole one and played in virtual time. What the examples expect is judged, not believed: they show
how it is written.
"""

from __future__ import annotations

import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from carrierlab.run import Job, check_playable, run_virtual
from carrierlab.scenario import load_scenario
from smppkit.pdus import SubmitSmResp
from smsc.scenario.model import Scenario
from tests.certificates import Authority
from tests.docs.blocks import Block, of_kind
from tests.smsc.conftest import Lab
from yamlmodel.loader import load

named = pytest.mark.parametrize

BASE = {
    "operators": {
        "beeline-kz": {"listen": "tcp:2775", "accounts": [{"system_id": "shop", "password": "secret"}]},
        "kcell": {"listen": "tcp:2776"},
    },
    "workload": {"campaign": {"recipients": "recipients.csv", "template": "Hello", "sender": "SHOP"}},
}
TEXTS = ("Your order 17 is ready", "Your code is 1234", "casino", "reply yes")
NUMBERS = ("77051234567", "77010000001", "77050000001")
RECIPIENTS = [f"+770{number},Aigerim,{order}\n" for order, number in enumerate(range(50000001, 50000031))]
MANY = {
    "load": {
        "rate": "20/s",
        "mix": [{"share": "90%", "operator": "beeline-kz"}, {"share": "10%", "operator": "kcell"}],
        "receipt_wait": "10m",
    }
}
AN_ADDRESS = "10.0.0.5"  # of whoever binds: in the networks that examples let in


def by_id(block: Block) -> str:
    return block.id


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Certificate, key and authority."""
    authority = Authority(tmp_path_factory.mktemp("certificates"))
    return (*authority.signs("smsc"), authority.path)


@pytest.fixture
def lab() -> Any:
    lab = Lab()
    yield lab
    lab.stop()


def served(block: Block, operators: dict[str, Any], lab: Lab, tmp_path: Path, certificates: tuple[Path, ...]) -> None:
    """Serve operators, with the files that they name."""
    for operator in operators.values():
        tls = operator.get("tls")
        if tls is None:
            continue
        for key, made in zip(("certificate", "key", "client_ca"), certificates, strict=True):
            if key in tls:
                file = tmp_path / tls[key]
                file.parent.mkdir(exist_ok=True)
                shutil.copy(made, file)
        tls.setdefault("also_plain", 2790)
    file = tmp_path / "example.yaml"
    file.write_text(yaml.safe_dump({"operators": operators}))
    lab.start(load(file, Scenario))


def talk(operator: dict[str, Any], lab: Lab) -> None:
    """Bind, submit, and be answered."""
    listen = operator.get("listen", "tcp:2775")
    port = operator["tls"]["also_plain"] if "tls" in operator else int(listen.rpartition(":")[2])
    accounts = operator.get("accounts", "any")
    account = {"system_id": "shop", "password": "secret"} if accounts == "any" else accounts[0]
    esme = lab.esme(port, AN_ADDRESS)
    kind = account.get("bind_types", ["transceiver"])[0]
    assert esme.bind(account["system_id"], account["password"], kind) == 0
    sent = [esme.submit(number, text) for number in NUMBERS for text in TEXTS]
    lab.run(60, step=0.5)
    answered = [pdu.sequence_number for pdu in esme.heard if isinstance(pdu, SubmitSmResp)]
    assert sorted(answered) == sent


@named("block", of_kind("yaml operator"), ids=by_id)
def test_an_operator_is_served(block: Block, lab: Lab, tmp_path: Path, certificates: tuple[Path, ...]) -> None:
    operator = BASE["operators"]["beeline-kz"] | yaml.safe_load(block.text)
    served(block, {"beeline-kz": operator}, lab, tmp_path, certificates)
    talk(operator, lab)


@named("block", of_kind("yaml serve"), ids=by_id)
def test_a_scenario_is_served(block: Block, lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "example.yaml").write_text(block.text)
    lab.start(load(tmp_path / "example.yaml", Scenario))
    for operator in yaml.safe_load(block.text)["operators"].values():
        talk(operator, lab)


@named("block", of_kind("yaml part"), ids=by_id)
def test_a_part_of_a_scenario_is_played(block: Block, tmp_path: Path) -> None:
    (tmp_path / "recipients.csv").write_text("phone,name,order\n" + "".join(RECIPIENTS))
    whole = {**deepcopy(BASE), **yaml.safe_load(block.text)}
    for operator in whole["operators"].values():
        operator["receipts"] = {"delay": "5m"}  # so the run lasts until everything in the timeline has come
    whole["workload"].get("campaign", {})["receipt_wait"] = "10m"
    if any("when" in entry for entry in whole.get("timeline", [])):
        whole["workload"] = deepcopy(MANY)  # so all that is waited for is counted
        whole["workload"]["load"]["count"] = 2400 if "000 accepted" in block.text else 300
        whole["operators"]["kcell"]["submit"] = {"refuse": {"ESME_RSUBMITFAIL": "50%"}}
    file = tmp_path / "example.yaml"
    file.write_text(yaml.safe_dump(whole))
    scenario = load_scenario(file)
    if scenario.workload.client is not None:
        check_playable(scenario, virtual=False)
        return
    outcome = run_virtual(Job(scenario, str(file)))
    assert not outcome.trouble
    assert outcome.metrics["submits"] > 0
    assert len(outcome.verdicts) == len(scenario.expect)
    assert not outcome.notes, "an entry of the timeline that never began"
