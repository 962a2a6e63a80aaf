"""Our own sender in the gauntlet, in virtual time: one campaign per variant, each in a world of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import yaml

from carrierlab.gauntlet.judge import allowed
from carrierlab.gauntlet.plan import HOURS, Course, document, recipients_csv
from carrierlab.gauntlet.score import VariantScore
from carrierlab.gauntlet.seen import Seen, miss, read_seen, words
from carrierlab.ledgers import SenderLedger
from carrierlab.run import Job, run_virtual
from carrierlab.scenario import LabScenario
from smsc.journal.inbox import Inbox
from yamlmodel.loader import loads

CLIENT = "the sender of this repository"


def play(courses: Iterable[Course], *, seed: int = 1, longest: float = HOURS) -> Iterator[VariantScore]:
    """Play the variants one after the other; no receipt takes more than `longest` seconds."""
    with TemporaryDirectory(prefix="carrierlab-") as directory:
        for course in courses:
            yield _play(course, Path(directory), seed, longest)


def _play(course: Course, directory: Path, seed: int, longest: float) -> VariantScore:
    recipients = directory / f"{course.name}.csv"
    recipients.write_text(recipients_csv([course]))
    text = yaml.safe_dump(document([course], recipients=str(recipients), longest=longest), sort_keys=False)
    scenario = msgspec.structs.replace(loads(text, LabScenario, course.name), seed=seed)
    scores: list[VariantScore] = []

    def judge(inbox: Inbox, sent: SenderLedger) -> None:
        scores.append(score(course, read_seen(inbox, course.name), sent))

    outcome = run_virtual(Job(scenario, course.name), on_books=judge)
    (found,) = scores
    return msgspec.structs.replace(found, trouble=(*outcome.trouble, *found.trouble))


def score(course: Course, seen: Seen, sent: SenderLedger) -> VariantScore:
    """Lay what the sender believes beside what the operator decided."""
    believed = {message.recipient: message.state for message in sent.messages}
    misses = []
    for message in course.messages:
        number = message.number
        parts, state = seen.messages.get(number, ()), believed.get(number)
        claim = state if state is not None and state.final else None
        complaint, right = seen.complaint(number), allowed(parts)
        if complaint:
            misses.append(miss(seen, number, "every receipt acknowledged", complaint))
        elif not parts or claim not in right:
            misses.append(miss(seen, number, words(right), "never sent" if state is None else state.label))
    return VariantScore(course, len(course.messages), tuple(misses), tuple(_unmatched(seen, sent)))


def _unmatched(seen: Seen, sent: SenderLedger) -> Iterator[str]:
    """Receipts that found no message, but for those about a submit that was refused: its id means nothing."""
    for parked in sent.parked:
        if not any(part.refused for part in seen.messages.get(parked.recipient, ())):
            yield f"{parked.recipient}: the receipt for {parked.smsc_id} was taken for no message"
