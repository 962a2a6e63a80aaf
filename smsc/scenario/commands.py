"""Commands in the text of a message, for testers without access to the scenario file.

    Hello #status=ESME_RTHROTTLED                 refused
    Hello #status=none                            taken, never answered
    Hello #after=5s                               answered after 5 s
    Hello #stat=UNDELIV #err=069 #delay=10s       the receipt says so, 10 s after the response
    Hello #receipt=none                           no receipt; also early, text, tlv, both
    Hello #copies=2                               the receipt comes twice
    Hello #mo="STOP" #mo-after=2s                 the subscriber answers

A command is a `#`, a name, a `=` and a value: up to the next space, or in quotes. All other words are text. Something
that looks like a command and is none makes the whole message unreadable, and it is refused: a tester whose command was
misspelt would otherwise wait for what never comes.
"""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from smppkit.status import CommandStatus
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.receipts import ReceiptForm, Receipts
from smsc.scenario.rule_model import ReceiptChange
from smsc.scenario.scalars import Stat, Status
from smsc.scenario.treatment import Fates, Treatment, look_of
from yamlmodel.suggest import did_you_mean

NOT_OBEYED: Final = int(CommandStatus.ESME_RSUBMITFAIL)
"""What a message gets whose commands cannot be read."""

_COMMAND = re.compile(r'(?<!\S)#([A-Za-z][A-Za-z-]*)=("[^"]*"|\S*)')
_MOST_COPIES = 10


class Commands(msgspec.Struct):
    """What a text asks for; None is as usual. `respond` is a status, or "none" for no answer."""

    respond: Status | str | None = None
    after: Latency | None = None
    stat: Stat | None = None
    err: str | None = None
    delay: Latency | None = None
    receipt: ReceiptForm | str | None = None
    copies: int | None = None
    mo: str | None = None
    mo_after: Latency = Fixed(1.0)

    @property
    def refuses(self) -> bool:
        """Whether the message is turned down by a status."""
        return isinstance(self.respond, Status) and self.respond != 0


class Unreadable(msgspec.Struct, frozen=True):
    """Commands that cannot be obeyed, and why."""

    reason: str


def commands_in(text: str) -> Commands | Unreadable | None:
    """Read the commands of a text; None where it has none."""
    if "#" not in text:
        return None
    found: Commands | None = None
    for name, value in _COMMAND.findall(text):
        found = found or Commands()
        setter = _SETTERS.get(name.lower())
        if setter is None:
            known = ", ".join(f"#{word}" for word in _SETTERS)
            return Unreadable(f"unknown command #{name}; there are {known}{did_you_mean(name.lower(), _SETTERS)}")
        try:
            setter(found, value[1:-1] if value.startswith('"') and len(value) > 1 else value)
        except ValueError as error:
            return Unreadable(f"#{name}={value}: {error}")
    if found is not None and found.refuses and found != Commands(respond=found.respond, after=found.after):
        return Unreadable("a refused message has no receipt and no answer; #status goes with #after only")
    return found


def treatment_of(commands: Commands | Unreadable, receipts: Receipts, fates: Fates) -> Treatment:
    """What commands ask for as a treatment."""
    if isinstance(commands, Unreadable):
        return Treatment(status=NOT_OBEYED, commanded=True, remark=commands.reason)
    change = ReceiptChange(
        form=commands.receipt if isinstance(commands.receipt, ReceiptForm) else None,
        before_response=True if commands.receipt == "early" else None,
        copies=commands.copies,
    )
    look = change.look(receipts)
    return Treatment(
        status=int(commands.respond) if isinstance(commands.respond, Status) else 0,
        silent=commands.respond == "none",
        latency=commands.after,
        fate=None if commands.stat is None else fates.of(commands.stat, commands.err),
        err=commands.err,
        delay=commands.delay,
        unheard=commands.receipt == "none",
        look=None if look is None else look_of(look, fates, changed=True),
        commanded=True,
    )


# --- one function per command ----------------------------------------------------------------------------------------


def _status(commands: Commands, value: str) -> None:
    commands.respond = value if value == "none" else Status.parse(value)


def _after(commands: Commands, value: str) -> None:
    commands.after = Latency.parse(value)


def _stat(commands: Commands, value: str) -> None:
    commands.stat = Stat.parse(value)


def _err(commands: Commands, value: str) -> None:
    if not value:
        raise ValueError("expected an error code such as 069")
    commands.err = value


def _delay(commands: Commands, value: str) -> None:
    commands.delay = Latency.parse(value)


def _receipt(commands: Commands, value: str) -> None:
    forms: dict[str, ReceiptForm | str] = {"none": "none", "early": "early"}
    forms |= {form.value: form for form in ReceiptForm}
    if value not in forms:
        raise ValueError(f"expected one of {', '.join(forms)}{did_you_mean(value, forms)}")
    commands.receipt = forms[value]


def _copies(commands: Commands, value: str) -> None:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= _MOST_COPIES):
        raise ValueError(f"expected a number from 1 to {_MOST_COPIES}")
    commands.copies = int(value)


def _mo(commands: Commands, value: str) -> None:
    commands.mo = value


def _mo_after(commands: Commands, value: str) -> None:
    commands.mo_after = Latency.parse(value)


_SETTERS: Final[dict[str, Callable[[Commands, str], None]]] = {
    "status": _status,
    "after": _after,
    "stat": _stat,
    "err": _err,
    "delay": _delay,
    "receipt": _receipt,
    "copies": _copies,
    "mo": _mo,
    "mo-after": _mo_after,
}
