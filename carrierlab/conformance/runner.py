"""Runs checks against one SMSC: first which versions it speaks, then check after check, each on its own connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from carrierlab.conformance import octets as o
from carrierlab.conformance.check import (
    VERSION_NAMES,
    CannotJudge,
    Check,
    Choice,
    Disagreement,
    Failed,
    NotApplicable,
    Passed,
    Verdict,
    judge,
)
from carrierlab.conformance.exchange import Unreachable
from carrierlab.conformance.peer import Peer
from carrierlab.conformance.showing import frame_name
from carrierlab.conformance.target import Surroundings, Target
from smppkit.states import Version
from smppkit.status import CommandStatus, status_name


class Result(msgspec.Struct, frozen=True):
    """What one check found under one version, and how long it took (seconds)."""

    check: Check
    version: Version
    verdict: Verdict
    seconds: float

    @property
    def id(self) -> str:
        """C37-3.4."""
        return f"{self.check.id}-{VERSION_NAMES[self.version]}"


class Unusable(Exception):
    """No check can be run: not reachable, nobody is let in, or no message between our addresses is."""


OnResult = Callable[[Result], None]

_OPTION_AT_FAULT: dict[int, str] = {  # refusals that speak of the addresses we were given, not of the SMSC
    CommandStatus.ESME_RINVSRCADR: "--source",
    CommandStatus.ESME_RINVSRCTON: "--source",
    CommandStatus.ESME_RINVSRCNPI: "--source",
    CommandStatus.ESME_RINVDSTADR: "--destination",
    CommandStatus.ESME_RINVDSTTON: "--destination",
    CommandStatus.ESME_RINVDSTNPI: "--destination",
}


async def run_check(check: Check, target: Target, version: Version, world: Surroundings) -> Result:
    """Run one check on a new connection; Unreachable."""
    began = world.clock.seconds()
    peer = Peer(target, version, world)
    await peer.connect()
    try:
        verdict = await judge(check, peer)
    finally:
        await peer.leave()
    return Result(check, version, verdict, world.clock.seconds() - began)


async def spoken(target: Target, version: Version, world: Surroundings) -> str | None:
    """None when the SMSC speaks this version with us, otherwise why not; Unreachable."""
    peer = Peer(target, version, world)
    await peer.connect()
    try:
        frame = await peer.ask(peer.bind_octets())
        if not frame.readable or not frame.command_id & o.RESPONSE or frame.status:
            return f"the bind is answered {frame_name(frame)}"
        said = peer.read(frame).tlv(o.TAG_SC_INTERFACE_VERSION)
    except Disagreement as problem:
        return f"bind: {problem.verdict.reason}"
    finally:
        await peer.leave()
    if version == Version.V50 and (said is None or said[:1] < bytes((version,))):
        return "it does not say that it speaks 5.0" if said is None else f"it says that it speaks 0x{said.hex()}"
    return None


async def addresses_refused(target: Target, version: Version, world: Surroundings) -> str | None:
    """Why no message can go between our addresses, told by one plain message; None when they will do; Unreachable."""
    peer = Peer(target, version, world)
    await peer.connect()
    try:
        await peer.bind()
        status = (await peer.responded(peer.submit())).status
    except (CannotJudge, Disagreement):
        return None  # the checks will tell
    finally:
        await peer.leave()
    option = _OPTION_AT_FAULT.get(status)
    if option is None:
        return None
    return (
        f"a plain message from {target.source} to {target.destination} is refused: {status_name(status)};"
        f" {option} names an address that the account may use"
    )


async def run(
    checks: Sequence[Check],
    versions: Sequence[Version],
    target: Target,
    world: Surroundings,
    on_result: OnResult | None = None,
) -> list[Result]:
    """Run the checks under each version.

    Unusable when the SMSC cannot be reached, speaks none of them, or refuses the addresses of our messages.
    """
    try:
        silent = {version: await spoken(target, version, world) for version in versions}
        if all(silent.values()):
            reasons = "; ".join(f"{VERSION_NAMES[version]}: {reason}" for version, reason in silent.items())
            raise Unusable(f"no version can be used: {reasons}")
        if target.destination and messages(checks, versions):
            version = next(version for version in versions if not silent[version])
            reason = await addresses_refused(target, version, world)
            if reason is not None:
                raise Unusable(reason)
    except Unreachable as error:
        raise Unusable(str(error)) from None
    results: list[Result] = []
    for check in checks:
        for version in versions:
            if version not in check.versions:
                continue
            reason = silent[version]
            if check.esme:
                reason = "it is the ESME's part"
            result = (
                Result(check, version, NotApplicable(reason), 0.0)
                if reason
                else await _patiently(check, target, version, world)
            )
            results.append(result)
            if on_result is not None:
                on_result(result)
    return results


async def _patiently(check: Check, target: Target, version: Version, world: Surroundings) -> Result:
    try:
        return await run_check(check, target, version, world)
    except Unreachable as error:
        # A check before this one may have brought it down: that is a finding.
        return Result(check, version, Failed(f"after the checks before it: {error}"), 0.0)


class Tally(msgspec.Struct, frozen=True):
    """How many verdicts of each kind."""

    passed: int
    failed: int
    choices: int
    not_applicable: int

    @classmethod
    def of(cls, results: Sequence[Result]) -> Tally:
        """Count them."""
        return cls(*(sum(isinstance(result.verdict, kind) for result in results) for kind in _KINDS))


_KINDS = (Passed, Failed, Choice, NotApplicable)


def messages(checks: Sequence[Check], versions: Sequence[Version]) -> int:
    """How many messages these checks submit at most."""
    return sum(check.messages for check in checks for version in versions if version in check.versions)
