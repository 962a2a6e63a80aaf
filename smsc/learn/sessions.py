"""How sessions are held: version, name, enquire_link, who may bind how often."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import median

from smppkit.commands import RESPONSE_BIT, CommandId
from smppkit.states import Version
from smppkit.status import CommandStatus, status_name
from smppkit.tlvs import SC_INTERFACE_VERSION
from smsc.capture.exchanges import Exchange
from smsc.capture.recording import RecordedConnection, RecordedPdu
from smsc.learn.fit import AccountSeen, Fitted, Inactivity, SessionFit
from smsc.learn.seen import Seen

_BINDS = (CommandId.BIND_RECEIVER, CommandId.BIND_TRANSMITTER, CommandId.BIND_TRANSCEIVER)
_NO_MESSAGES = {int(command) for command in (*_BINDS, CommandId.ENQUIRE_LINK, CommandId.UNBIND)}
_LONG_SILENCE = 90.0
_ENOUGH = 2  # sessions ended by the SMSC, that it may be a habit
_TOO_MANY = (CommandStatus.ESME_RALYBND, CommandStatus.ESME_RBINDFAIL, CommandStatus.ESME_RINVSYSID)


def fit_sessions(seen: Seen) -> SessionFit:
    """How the operator held the sessions of a recording."""
    fit = SessionFit()
    binds = seen.requests(*_BINDS)
    accepted = [bind for bind in binds if bind.accepted]
    modern = [bind for bind in accepted if int(getattr(bind.asked, "interface_version", 0)) >= 0x34]
    versions = [version for bind in modern if (version := _version(bind)) is not None]
    if modern:
        fit.says_version = Fitted(bool(versions), len(modern))
    old = [bind for bind in binds if _is_unknown_transceiver(bind)]
    if old:
        fit.version = Fitted(int(Version.V33), len(old), "refuses bind_transceiver as unknown")
    elif versions:
        fit.version = Fitted(Counter(versions).most_common(1)[0][0], len(versions))
    names = Counter(str(getattr(bind.answered, "system_id", "")) for bind in accepted)
    if names:
        fit.system_id = Fitted(names.most_common(1)[0][0], names.total())
    fit.enquire_link = _enquire_link(seen)
    fit.inactivity = _inactivity(seen)
    _accounts(fit, seen, binds)
    return fit


def remarks_on_binds(seen: Seen) -> list[str]:
    """Binds that were refused for what may be anything."""
    refused = Counter(
        status_name(bind.response.status)
        for bind in seen.requests(*_BINDS)
        if bind.response is not None and not bind.accepted
    )
    return [f"{count} binds were refused with {name}" for name, count in refused.items()]


def _version(bind: Exchange) -> int | None:
    octets = (
        next((octets for tag, octets in bind.answered.tlvs if tag == SC_INTERFACE_VERSION.number), None)
        if bind.answered is not None
        else None
    )
    return octets[0] if octets and len(octets) == 1 else None


def _is_unknown_transceiver(bind: Exchange) -> bool:
    """Whether a bind_transceiver was not understood: SMPP 3.3 does not have it."""
    response = bind.response
    asked = bind.request.command_id == CommandId.BIND_TRANSCEIVER
    return asked and response is not None and response.status == CommandStatus.ESME_RINVCMDID


def _enquire_link(seen: Seen) -> Fitted[float | None] | None:
    """The silence after which the SMSC asks; None where long silences passed without."""
    silences: list[float] = []
    longest = 0.0
    for pdus in seen.pdus.values():
        before = None
        for pdu in pdus:
            if before is not None:
                silence = pdu.at - before
                if pdu.direction == "out" and pdu.command_id == CommandId.ENQUIRE_LINK:
                    silences.append(silence)
                else:
                    longest = max(longest, silence)
            before = pdu.at
    if silences:
        return Fitted(median(silences), len(silences), f"{min(silences):.3g} to {max(silences):.3g} s of silence")
    if longest > _LONG_SILENCE:
        return Fitted(None, 1, f"none within {longest:.0f} s of silence")
    return None


def _inactivity(seen: Seen) -> Fitted[Inactivity] | None:
    """The silence after which the SMSC ends sessions, where it was much the same each time."""
    silences: list[float] = []
    ends: Counter[str] = Counter()
    for connection in seen.connections:
        pdus = seen.pdus[connection.number]
        unbinds = [pdu.at for pdu in pdus if pdu.direction == "out" and pdu.command_id == CommandId.UNBIND]
        asked = any(pdu.direction == "in" and pdu.command_id == CommandId.UNBIND for pdu in pdus)
        dropped = connection.closed_at if "SMSC" in (connection.reason or "") and not asked else None
        ended = unbinds[0] if unbinds else dropped
        spoken = [pdu.at for pdu in pdus if pdu.command_id & ~RESPONSE_BIT not in _NO_MESSAGES]
        if ended is not None and spoken:
            silences.append(ended - max(spoken))
            ends["unbind" if unbinds else "drop"] += 1
    if len(silences) < _ENOUGH or max(silences) - min(silences) > 1 + 0.1 * min(silences) or min(silences) < 1:
        return None
    note = f"{min(silences):.3g} to {max(silences):.3g} s without messages"
    return Fitted(Inactivity(round(median(silences), 1), ends.most_common(1)[0][0]), len(silences), note)


def _accounts(fit: SessionFit, seen: Seen, binds: list[Exchange]) -> None:
    """Who bound with what, and at how many binds more were refused."""
    over = {connection.number: _over(connection, seen.pdus[connection.number]) for connection in seen.connections}
    passwords: dict[str, str] = {}
    standing: defaultdict[str, list[int]] = defaultdict(list)
    limits: dict[str, int] = {}
    refusals: Counter[int] = Counter()
    counts: Counter[str] = Counter()
    for bind in binds:
        system_id, request = str(getattr(bind.asked, "system_id", "")), bind.request
        standing[system_id] = [number for number in standing[system_id] if over[number] > request.at]
        if bind.accepted:
            counts[system_id] += 1
            passwords[system_id] = str(getattr(bind.asked, "password", ""))
            standing[system_id].append(request.connection)
        elif (
            bind.response is not None
            and bind.response.status in _TOO_MANY
            and standing[system_id]
            and passwords.get(system_id) == getattr(bind.asked, "password", "")
        ):
            limits[system_id] = max(limits.get(system_id, 0), len(standing[system_id]))
            refusals[bind.response.status] += 1
    for system_id, password in passwords.items():
        account = AccountSeen(system_id, password, limits.get(system_id, 0))
        fit.accounts.append(Fitted(account, counts[system_id], f"{counts[system_id]} binds accepted"))
    if refusals:
        status, count = refusals.most_common(1)[0]
        fit.too_many_binds = Fitted(status, count)


def _over(connection: RecordedConnection, pdus: Sequence[RecordedPdu]) -> float:
    """When a connection held no bind any more: at its unbind_resp or its end."""
    last = pdus[-1] if pdus else None
    if last is not None and last.command_id == CommandId.UNBIND | RESPONSE_BIT:
        return last.at
    return math.inf if connection.closed_at is None else connection.closed_at
