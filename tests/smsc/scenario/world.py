"""An operator out of a few lines of YAML, and what it decides."""

from functools import lru_cache

from smppkit.pdus import SubmitSm
from smppkit.states import Version
from smsc.scenario.decisions import Decision, Plan
from smsc.scenario.engine import OperatorState, decide_submit
from smsc.scenario.model import Operator, Scenario
from yamlmodel.loader import loads


@lru_cache(maxsize=256)
def read(text: str) -> Operator:
    """The operator of some lines, as they stand below its name."""
    return loads(f"operators:\n  x:\n    {text}", Scenario).operators["x"]


def operator(text: str = "{}", seed: int = 42, epoch: float = 0.0) -> OperatorState:
    return OperatorState(read(text), "x", seed, epoch)


def message(to: str = "77051234567", text: bytes = b"hello", **fields: object) -> SubmitSm:
    known: dict[str, object] = {"source_addr": "SHOP", "registered_delivery": 1}
    return SubmitSm(destination_addr=to, short_message=text, **(known | fields))  # type: ignore[arg-type]


def send(
    state: OperatorState,
    pdu: SubmitSm | None = None,
    now: float = 0.0,
    *,
    system_id: str = "shop",
    bind: int = 1,
    version: Version = Version.V34,
) -> Decision:
    account = state.account(system_id)
    assert account is not None
    return decide_submit(state, account, bind, pdu or message(), now, version)


def plan_of(decision: Decision) -> Plan:
    """The plan of a message that must have been accepted."""
    assert decision.status == 0
    assert decision.plan is not None
    return decision.plan


def fate_of(decision: Decision) -> tuple[str, str, float | None]:
    """Word, code and time of what becomes of an accepted message."""
    plan = plan_of(decision)
    return plan.fate.stat, plan.fate.err, plan.ends_after
