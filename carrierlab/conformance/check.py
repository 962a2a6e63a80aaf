"""What a check is: a number, a name, where it comes from, and one coroutine; and what it can find."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import msgspec
from twisted.internet.defer import Deferred

from smppkit.states import Version

if TYPE_CHECKING:
    from carrierlab.conformance.peer import Peer

V33, V34, V50 = Version.V33, Version.V34, Version.V50
ALL = (V33, V34, V50)
FROM_34 = (V34, V50)
ONLY_33, ONLY_34, ONLY_50 = (V33,), (V34,), (V50,)
VERSION_NAMES = {V33: "3.3", V34: "3.4", V50: "5.0"}


class Passed(msgspec.Struct, frozen=True, tag="passed"):
    """The SMSC does what the specification says."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It does not; `sent` is what was sent last, `seen` all that came after it."""

    reason: str
    sent: bytes = b""
    seen: bytes = b""


class NotApplicable(msgspec.Struct, frozen=True, tag="not applicable"):
    """It could not be judged here."""

    why: str


class Choice(msgspec.Struct, frozen=True, tag="choice"):
    """The specification is silent; this is what the SMSC does."""

    does: str


Verdict = Passed | Failed | NotApplicable | Choice
PASSED = Passed()


class Disagreement(Exception):
    """The SMSC did something else than the check expects: becomes Failed."""

    def __init__(self, reason: str, sent: bytes = b"", seen: bytes = b"") -> None:
        super().__init__(reason)
        self.verdict = Failed(reason, sent, seen)


class CannotJudge(Exception):
    """The check needs something that this SMSC, or whoever runs the checks, does not give: becomes NotApplicable."""


Run = Callable[["Peer"], Coroutine[Deferred[Any], Any, Verdict]]


class Check(msgspec.Struct, frozen=True):
    """One check of the list.

    `versions` are those it holds for; `messages` how many it submits at most per version. `choice` is what our own
    emulator does where the specification is silent, by version or for all; None when the specification decides.
    `esme` says that it is the ESME's behaviour that is judged: an SMSC shows nothing of it.
    """

    number: int
    title: str
    spec: str
    versions: tuple[Version, ...]
    messages: int
    choice: str | dict[Version, str] | None
    esme: bool
    run: Run

    @property
    def id(self) -> str:
        """C01 to C79."""
        return f"C{self.number:02}"

    def ours(self, version: Version) -> str | None:
        """What our emulator chooses under `version`; None when there is nothing to choose."""
        return self.choice.get(version) if isinstance(self.choice, dict) else self.choice


def check(
    number: int,
    spec: str,
    *,
    versions: tuple[Version, ...] = ALL,
    messages: int = 0,
    choice: str | dict[Version, str] | None = None,
    esme: bool = False,
) -> Callable[[Run], Check]:
    """Declare the coroutine below as a check; its docstring is the title."""

    def declare(run: Run) -> Check:
        title = " ".join((run.__doc__ or "").split()).removesuffix(".")
        return Check(number, title, spec, versions, messages, choice, esme, run)

    return declare


async def judge(check: Check, peer: Peer) -> Verdict:
    """Run one check; what its helpers raise becomes a verdict."""
    try:
        return await check.run(peer)
    except Disagreement as disagreement:
        return disagreement.verdict
    except CannotJudge as error:
        return NotApplicable(str(error))
