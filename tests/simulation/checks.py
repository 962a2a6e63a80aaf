"""What must hold, judged from the wire's ledger, the operators' book, and the store read by plain SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import inf
from typing import NamedTuple

from sender.domain.message import MessageClass
from tests.simulation.ledger import Attempt, PartKey
from tests.simulation.tunables import CampaignTunables
from tests.simulation.world import Life, World, token_of

# As the store writes them (the table `states`); the names of the program under test are not to be trusted here.
QUEUED, CLAIMED, SUBMITTING, ACCEPTED, IN_DOUBT = 1, 2, 3, 4, 5
DELIVERED, UNDELIVERED, EXPIRED, REJECTED, UNKNOWN, CANCELLED, BLOCKED = 10, 11, 12, 13, 14, 20, 21
FIRST_FINAL = 10
_OF_STAT = {
    "DELIVRD": DELIVERED,
    "UNDELIV": UNDELIVERED,
    "DELETED": UNDELIVERED,
    "EXPIRED": EXPIRED,
    "REJECTD": REJECTED,
    "UNKNOWN": UNKNOWN,
}
_RESENDS = {MessageClass.ADVERTISING: 0, MessageClass.SERVICE: 1, MessageClass.CODE: 5}

_RESEND_WAIT = {MessageClass.ADVERTISING: 0.0, MessageClass.SERVICE: 29.0, MessageClass.CODE: 0.9}
"""Seconds that a message in doubt waits for a receipt before it is sent again."""

RECORDED = 2.0
"""Seconds after which an answer is in the store, while the disk is well."""
LOOK_EVERY = 4
"""Commits between two looks at all messages."""


class Recipient(NamedTuple):
    """A row of a recipients file."""

    campaign: CampaignTunables
    number: str
    account: str


class Checks:
    """Attached to a world, it complains to the ledger as soon as something is wrong."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ledger = world.ledger
        self._prefixes = {it.prefix: it for it in world.tunables.operators}
        self.recipients: dict[str, Recipient] = {}
        for campaign in world.tunables.campaigns:
            for phone, token in campaign.rows:
                self.recipients[token] = Recipient(campaign, phone[1:], self._prefixes[phone[1:5]].name)
        self._ids: dict[str, int] = {}
        self._tokens: dict[int, str] = {}
        self._highest = 0
        self._intents: dict[tuple[int, int, int], tuple[int, float]] = {}
        """Which epoch each durable intent names, and since when, by (message, part, sequence)."""
        self._used: set[tuple[int, int, int, int]] = set()
        self._finals: dict[str, int] = {}
        self._deadlines: dict[str, float] = {}
        """Unix time by the name of the campaign, as it was asked for."""
        self._commits = 0
        self._crashed: set[tuple[int, int, int, int]] = set()
        """Intents that were open at a crash."""
        self.open_at_crash: Counter[PartKey] = Counter()
        """How many of them each part had."""
        self.unwritten: Counter[PartKey] = Counter()
        """Of these, how many had not been written."""
        world.on_commit.append(self.committed)
        world.on_boot.append(self.booted)
        world.ledger.may_write.append(self.written)

    # --- all the time -------------------------------------------------------------------------

    def committed(self, life: Life) -> None:
        """A transaction was committed: what does it promise?"""
        self._learn(life)
        for message, part, epoch, sequence in life.query(
            "SELECT message, part, epoch, sequence FROM all_parts WHERE state = 3"
        ):
            known = self._intents.get((message, part, sequence))
            if known is None or known[0] != epoch:
                self._intents[message, part, sequence] = epoch, life.clock.seconds()
        self._commits += 1
        if self._commits % LOOK_EVERY == 0:
            self.look(life)

    def written(self, attempt: Attempt) -> None:
        """I2: a durable intent precedes every submit, and none is used twice."""
        token, part = attempt.key
        recipient = self.recipients.get(token)
        if recipient is None or recipient.number != attempt.destination:
            self._ledger.complain("I2", f"a text that nobody asked for went to {attempt.destination}: #{token}")
            return
        message = self._ids.get(token, 0)
        epoch, since = self._intents.get((message, part, attempt.sequence), (None, 0.0))
        if epoch is None:
            self._ledger.complain("I2", f"#{token}/{part} was written without a durable intent")
            return
        key = message, part, epoch, attempt.sequence
        if key in self._used:
            self._ledger.complain("I2", f"the intent of #{token}/{part} was written twice")
        self._used.add(key)
        self._may_be_written(recipient, f"#{token}/{part}")
        if self._world.life is not None:
            attempt.wall = self._world.life.now()
        earlier = self._ledger.of_part[attempt.key][:-1]
        if earlier:
            self._may_be_written_again(attempt, earlier, since, recipient.campaign.message_class)

    def _may_be_written_again(
        self, attempt: Attempt, earlier: list[Attempt], intended_at: float, message_class: MessageClass
    ) -> None:
        """I2: what was answered is not sent again, and what is in doubt not before its time."""
        what, last = f"#{attempt.key[0]}/{attempt.key[1]}", earlier[-1]
        for it in earlier:
            answered = it.answered_at is not None and it.status == 0 and it.life == attempt.life
            if answered and it.answered_at < intended_at - RECORDED and self._world.disk.well_for > RECORDED:
                self._ledger.complain("I2", f"{what} was sent again although it was accepted at {it.answered_at:.3f}")
        waited, jumped = attempt.at - last.at, abs((attempt.wall - attempt.at) - (last.wall - last.at)) > 0.001
        if last.answered_at is None and not jumped and waited < _RESEND_WAIT[message_class]:
            self._ledger.complain("I2", f"{what} was in doubt and sent again after {waited:.3f} s")

    def _may_be_written(self, recipient: Recipient, what: str) -> None:
        """I7: at the instant of writing nothing that was acknowledged forbids it."""
        orders, name, life = self._world.orders, recipient.campaign.name, self._world.life
        why = ""
        if name in orders.cancelled:
            why = f"{name} was cancelled"
        elif name in orders.paused:
            why = f"{name} was paused"
        elif recipient.number in orders.opted_out:
            why = f"{recipient.number} has opted out"
        elif life is not None and life.now() >= self._deadlines.get(name, inf):
            why = f"the deadline of {name} has passed"
        if why:
            self._ledger.complain("I7", f"{what} was written although {why}")

    def look(self, life: Life) -> None:
        """I1 and I4, at this instant."""
        rows = life.query("SELECT id, campaign, state FROM messages")
        counted: Counter[tuple[int, int]] = Counter()
        for campaign, state, number in life.query(
            "SELECT campaign, state, sum(recipients - taken) FROM chunks WHERE recipients > taken GROUP BY 1, 2"
        ):
            counted[campaign, state] += number
        for message, campaign, state in rows:
            counted[campaign, state] += 1
            if state >= FIRST_FINAL:
                token = self._tokens.get(message, "")
                known = self._finals.setdefault(token, state)
                if known != state:
                    self._ledger.complain("I1", f"#{token} was final in state {known} and is now in {state}")
        kept = {
            (campaign, state): number
            for campaign, state, number in life.query("SELECT campaign, state, messages FROM campaign_states")
            if number
        }
        if kept != counted:
            self._ledger.complain("I4", f"the counts say {sorted(kept.items())}, the rows {sorted(counted.items())}")
        for campaign, accepted in life.query("SELECT id, messages FROM campaigns"):
            there = sum(number for (of, _), number in counted.items() if of == campaign)
            if there != accepted:
                self._ledger.complain("I4", f"campaign {campaign} has accepted {accepted} messages and has {there}")
        states = {message: state for message, _, state in rows}
        for token, known in self._finals.items():
            now = states.get(self._ids.get(token, 0))
            if now != known:
                self._ledger.complain("I1", f"#{token} was final in state {known} and is now in {now}")

    # --- after every crash --------------------------------------------------------------------

    def booted(self, life: Life) -> None:
        """I9: what was acknowledged is there. Nothing has been put in order yet."""
        problem = life.query("PRAGMA quick_check(1)")
        if problem != [("ok",)]:
            self._ledger.complain("I9", f"the database is damaged: {problem}")
            return
        self._ids.clear()
        self._tokens.clear()
        self._highest = 0
        self._learn(life)
        for campaign in self._world.acknowledged.values():
            self._all_there(life, campaign)
        self._receipts_there(life)
        self.look(life)
        for message, part, epoch, sequence in life.query(
            "SELECT message, part, epoch, sequence FROM all_parts WHERE state = 3"
        ):
            intent, key = (message, part, epoch, sequence), (self._tokens[message], part)
            if intent not in self._crashed:
                self._crashed.add(intent)
                self.open_at_crash[key] += 1
                self.unwritten[key] += intent not in self._used
        self._intents.clear()

    def _learn(self, life: Life) -> None:
        """Which message has which token, and which campaign which deadline."""
        for name, deadline in life.query("SELECT name, expires_at FROM campaigns WHERE expires_at IS NOT NULL"):
            self._deadlines[name] = deadline
        ((highest,),) = life.query("SELECT coalesce(max(id), 0) FROM messages")
        if highest <= self._highest:
            return
        for message, fields in life.query(
            "SELECT m.id, f.fields FROM messages m LEFT JOIN all_fields f ON f.message = m.id WHERE m.id > ?",
            self._highest,
        ):
            token = token_of(fields)
            if token in self._ids:
                self._ledger.complain("I4", f"#{token} is in the store twice")
            self._ids[token] = message
            self._tokens[message] = token
        self._highest = highest

    def _all_there(self, life: Life, campaign: CampaignTunables) -> None:
        found = life.query(
            "SELECT c.rejected, (SELECT coalesce(sum(recipients - taken), 0) FROM chunks WHERE campaign = c.id)"
            " FROM campaigns c WHERE name = ?",
            campaign.name,
        )
        if not found:
            self._ledger.complain("I9", f"{campaign.name} was acknowledged, and is not there")
            return
        ((rejected, in_chunks),) = found
        opted_out = sum(1 for phone, _ in campaign.rows if phone[1:] in self._world.orders.ever_opted_out)
        missing = sum(1 for _, token in campaign.rows if token not in self._ids) - in_chunks - min(rejected, opted_out)
        if missing:
            self._ledger.complain("I9", f"{campaign.name} was acknowledged, and {missing} messages are not there")

    def _receipts_there(self, life: Life) -> None:
        stored = {
            (account, message_id, stat)
            for account, message_id, stat in life.query(
                "SELECT a.name, r.smsc_id, r.stat FROM all_receipts r JOIN all_parts p ON p.message = r.message"
                " AND p.part = r.part JOIN accounts a ON a.id = p.account"
                " UNION SELECT a.name, r.smsc_id, r.stat FROM parked_receipts r JOIN accounts a ON a.id = r.account"
                " UNION SELECT a.name, p.smsc_id, t.stat FROM told t JOIN accounts a ON a.id = t.account,"
                " json_each(t.messages) j JOIN all_parts p ON p.message = j.value"
            )
        }
        for receipt in self._ledger.acknowledged:
            if (receipt.account, receipt.message_id, receipt.stat) not in stored:
                self._ledger.complain("I9", f"receipt {receipt} was acknowledged and is not in the store")
                return

    # --- at the end ---------------------------------------------------------------------------

    def unfinished(self, life: Life) -> bool:
        """Whether something is still to come: asked of the store, and of the operators."""
        open_ = life.query("SELECT 1 FROM campaign_states WHERE messages > 0 AND state < 4 LIMIT 1") or any(
            not self._guessed_wrong(life, message)
            for (message,) in life.query("SELECT id FROM messages WHERE state = 4")
        )
        operators = self._world.emulator.stats.operators.values()
        waiting = any(stats.receipts.waiting or stats.mo.waiting for stats in operators)
        unsaid = not self._world.orders.settled
        return bool(open_) or waiting or unsaid or len(self._world.acknowledged) < len(self._world.tunables.campaigns)

    def conclude(self, life: Life) -> None:
        """All trouble is over, and everything had time to drain."""
        self._world.journal.flush()
        self._learn(life)
        self.look(life)
        for campaign in self._world.acknowledged.values():
            self._all_there(life, campaign)
        self._receipts_there(life)
        book = Book(self._world)
        parts = _parts(life, self._tokens)
        told = self._told(book)
        for message, state in life.query("SELECT id, state FROM messages"):
            token = self._tokens[message]
            self._judge_message(token, state, parts.get(token, {}), book, told)

    def _told(self, book: Book) -> dict[PartKey, set[int]]:
        """Final states that receipts told the sender, by the part they were about."""
        told: dict[PartKey, set[int]] = defaultdict(set)
        for receipt in self._ledger.receipts_seen:
            key = book.part_of(receipt.account, receipt.message_id)
            if key is not None and receipt.stat in _OF_STAT:
                told[key].add(_OF_STAT[receipt.stat])
        return told

    def _judge_message(
        self, token: str, state: int, parts: dict[int, StoredPart], book: Book, told: dict[PartKey, set[int]]
    ) -> None:
        campaign = self.recipients[token].campaign
        complain = self._ledger.complain
        allowed = _RESENDS[campaign.message_class]
        for part, stored in parts.items():
            self._judge_part((token, part), stored, allowed, book)
        if state < IN_DOUBT:
            if state != ACCEPTED or not self._guessed_wrong_parts(token, parts):
                complain("I1", f"#{token} has come to no end: state {state}")
        elif state == IN_DOUBT:
            self._judge_doubt(token, parts, allowed, book, told)
        elif state == DELIVERED:
            lacking = [part for part in parts if DELIVERED not in told[token, part]]
            # A receipt that settles a doubt by its number is taken for the first part in doubt.
            guessed = any(self._doubts((token, part)) for part in lacking) and len(lacking) < len(parts)
            if lacking and not guessed and not self._guesswork(token, parts):
                complain("I1", f"#{token} is delivered, and no receipt said so of its parts {lacking}")
        else:
            refused = any(it.status for part in parts for it in self._ledger.of_part[token, part])
            heard = any(state in told[token, part] for part in parts) or state in self._may_end(token)
            if not heard and not (state == REJECTED and refused) and not self._guesswork(token, parts):
                complain("I1", f"#{token} is in state {state}, and nobody said so")

    def _may_end(self, token: str) -> set[int]:
        """States in which a message may end without having been sent."""
        recipient, orders = self.recipients[token], self._world.orders
        return {
            state
            for state, may in (
                (CANCELLED, recipient.campaign.name in orders.ever_cancelled),
                (BLOCKED, recipient.number in orders.ever_opted_out),
                (EXPIRED, recipient.campaign.lasts is not None),
            )
            if may
        }

    def _judge_part(self, key: PartKey, stored: StoredPart, allowed: int, book: Book) -> None:
        complain = self._ledger.complain
        attempts = self._ledger.of_part[key]
        where = f"#{key[0]}/{key[1]}"
        written, unwritten = len(attempts), self.unwritten[key]
        if stored.submits != written + unwritten:
            complain(
                "I2", f"{where}: {stored.submits} submits counted, {written} written, {unwritten} lost before writing"
            )
        if stored.submits and stored.submits != 1 + stored.retries + stored.resends:
            complain("I2", f"{where}: {stored}")
        accepted = book.accepted[key]
        if accepted - 1 > stored.resends:
            complain("I2", f"{where} was accepted {accepted} times with {stored.resends} resends counted")
        if stored.resends > allowed:
            complain("I2", f"{where} was sent again {stored.resends} times, its class allows {allowed}")
        refusals = sum(1 for it in attempts if it.status)
        if stored.retries > refusals:
            complain("I2", f"{where}: {stored.retries} retries counted, {refusals} refusals came")
        doubts = self._doubts(key)
        if stored.resends > doubts:
            complain("I2", f"{where}: {stored.resends} resends counted, {doubts} submits were in doubt")

    def _doubts(self, key: PartKey) -> int:
        """How many submits of a part were in doubt at some time."""
        timeout = next(
            it.config.response_timeout
            for it in self._world.tunables.operators
            if it.name == self.recipients[key[0]].account
        )
        return self.open_at_crash[key] + sum(
            1 for it in self._ledger.of_part[key] if it.answered_at is None or it.answered_at - it.at >= timeout - 0.001
        )

    def _guessed_wrong(self, life: Life, message: int) -> bool:
        token = self._tokens.get(message)
        if token is None:
            return False
        return self._guessed_wrong_parts(token, _parts(life, self._tokens).get(token, {}))

    def _guessed_wrong_parts(self, token: str, parts: dict[int, StoredPart]) -> bool:
        """Whether a receipt may have been taken for another part of its message, whose own explains nothing then."""
        return len(parts) > 1 and any(self._doubts((token, part)) for part in parts)

    def _alone(self, token: str) -> bool:
        """Whether no other message goes to its number."""
        number = self.recipients[token].number
        return sum(1 for it in self.recipients.values() if it.number == number) == 1

    def _guesswork(self, token: str, parts: dict[int, StoredPart]) -> bool:
        """Whether a receipt of another message to its number may have been taken for its own while in doubt."""
        return not self._alone(token) and any(self._doubts((token, part)) for part in parts)

    def _judge_doubt(
        self, token: str, parts: dict[int, StoredPart], allowed: int, book: Book, told: dict[PartKey, set[int]]
    ) -> None:
        complain = self._ledger.complain
        doubted = [part for part, stored in parts.items() if stored.state == IN_DOUBT]
        if not doubted:
            complain("I1", f"#{token} is in doubt, and none of its parts is")
        if all(parts[part].resends < allowed for part in doubted) and not self._may_end(token):
            complain("I1", f"#{token} is in doubt, and its class allows it to be sent again")
        if self._alone(token) and len(parts) == 1 and told[token, 1]:
            complain("I3", f"#{token} is in doubt although a receipt has named it")


class StoredPart(NamedTuple):
    """A row of `parts`."""

    state: int
    submits: int
    retries: int
    resends: int


def _parts(life: Life, tokens: dict[int, str]) -> dict[str, dict[int, StoredPart]]:
    parts: dict[str, dict[int, StoredPart]] = defaultdict(dict)
    for message, part, *rest in life.query("SELECT message, part, state, submits, retries, resends FROM all_parts"):
        parts[tokens[message]][part] = StoredPart(*rest)
    return parts


class Book:
    """The operators' book: what they have accepted, under which ids."""

    def __init__(self, world: World) -> None:
        self.accepted: Counter[PartKey] = Counter()
        self._by_number: dict[tuple[str, int], PartKey] = {}
        self._bases = {it.name: 16 if it.hex_receipts else 10 for it in world.tunables.operators}
        for operator, number, text, part, status in world.journal.connection.execute(
            "SELECT operator, number, text, part, status FROM messages WHERE command = 'submit_sm'"
        ):
            if status:
                continue
            token = text.partition("#")[2].partition("#")[0]
            if len(token) != 4:  # the part begins within a token: the next one is whole
                token = next(word for word in text.split("#") if len(word) == 4 and word.isdigit())
            key = token, part or 1
            self.accepted[key] += 1
            self._by_number[operator, number] = key

    def part_of(self, account: str, receipt_id: str) -> PartKey | None:
        """Which part a receipt is about."""
        try:
            return self._by_number.get((account, int(receipt_id, self._bases[account])))
        except ValueError:
            return None
