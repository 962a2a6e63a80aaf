"""A recording to what it says of an operator."""

from __future__ import annotations

from smsc.capture.recording import Recording
from smsc.learn.fit import Fit
from smsc.learn.receipts import fit_ids, fit_receipts
from smsc.learn.seen import Seen, look
from smsc.learn.sessions import fit_sessions, remarks_on_binds
from smsc.learn.submits import fit_submits


def learn(recording: Recording) -> list[Fit]:
    """What a recording says of each of its operators, the busiest first."""
    return [fit_operator(seen) for seen in look(recording)]


def fit_operator(seen: Seen) -> Fit:
    """What was seen of one operator, fitted."""
    fit = Fit(seen.operator, seen.began, seen.ended, len(seen.connections), len(seen.messages))
    remarks = fit.remarks
    fit.session = fit_sessions(seen)
    fit.submit = fit_submits(seen.messages, remarks)
    fit.receipts = fit_receipts(seen.messages, seen.ended, remarks)
    fit_ids(fit.submit, fit.receipts, seen.messages, remarks)
    if seen.orphans:
        remarks.append(f"{seen.orphans} receipts belong to no submit of the recording")
    if seen.guessed:
        remarks.append(f"{seen.guessed} receipts name ids that no response gave: they are matched by their addresses")
    if fit.session.too_many_binds is None:
        remarks += remarks_on_binds(seen)
    return fit
