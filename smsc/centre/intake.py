"""Messages in: submit_sm, data_sm, submit_multi. Each is judged, entered into the book, and recorded."""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import inf

import msgspec

from smppkit.pdus import (
    DataSm,
    DataSmResp,
    DistributionList,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
    UnsuccessSme,
)
from smppkit.states import Version
from smppkit.status import CommandStatus
from smsc.centre.book import Held
from smsc.centre.deliveries import Deliveries
from smsc.centre.outcomes import Outcomes
from smsc.centre.shared import Answer, Peer, Shared
from smsc.centre.translate import MESSAGING_MODE, TRANSACTION, address, as_submit, for_destination
from smsc.journal.records import Message, Pending
from smsc.scenario.decisions import Decision, Plan
from smsc.scenario.engine import decide_submit

ASKS = 0b1_0011  # registered_delivery: the bits that ask for a receipt or a notice (SMPP 3.4 §5.2.17)
MOST_UNSUCCESS = 255  # that a submit_multi_resp can name
TIDY_EVERY = 10_000  # messages, after which plans that are of no use any more leave the journal

_log = logging.getLogger("smsc")

Owner = Callable[[str, str], str]
"""The account that a number belongs to, other than the one that writes to it; "" when it is a subscriber's."""


class Intake:
    """Takes the messages of ESMEs."""

    def __init__(self, shared: Shared, outcomes: Outcomes, deliveries: Deliveries, owner: Owner | None) -> None:
        """`owner` is None where no account has numbers."""
        self._shared = shared
        self._outcomes = outcomes
        self._deliveries = deliveries
        self._owner = owner
        # Every message may bring a delivery, whether it asks for one or not.
        self._all_bring = shared.operator.receipts.unasked or outcomes.minds_all or owner is not None
        self.looks_at_all = self._all_bring or shared.operator.receipts.reassembly is not None
        """Whether every message is more than its plan says."""
        self._numbered: dict[int, Held] | None = None
        self._most_numbered = TIDY_EVERY
        if shared.operator.receipts.reassembly is not None:
            self._numbered = {}
        self._untidied = 0

    def forget(self, system_id: str | None) -> None:
        """Parts of long messages that wait for others, of an account or of all, wait no more."""
        if self._numbered is not None:
            self._numbered = {
                number: part
                for number, part in self._numbered.items()
                if system_id is not None and part.system_id != system_id
            }

    # --- one destination ----------------------------------------------------------------------

    def submit(self, connection: Peer, request: SubmitSm, now: float) -> Answer:
        """Decide about a submit_sm."""
        shared = self._shared
        shared.stats.submitted += 1
        version = connection.version
        if (
            self._all_bring
            or request.registered_delivery & ASKS
            or request.esm_class & MESSAGING_MODE == TRANSACTION
            or shared.book.full
        ):
            refused = self._unfit(request, version)
            if refused:
                return self._refuse(connection, request, Decision(refused), now)
        decision = decide_submit(shared.state, connection.account, connection.number, request, now, version)
        plan = decision.plan
        if decision.status or plan is None:
            return self._refuse(connection, request, decision, now)
        held = self._take(connection, request, decision, plan, request, now, version)
        response = SubmitSmResp(0, request.sequence_number, decision.tlvs, decision.message_id)
        return Answer(connection, response, now + decision.respond_after, decision.no_response, b"", held)

    def data(self, connection: Peer, request: DataSm, now: float) -> Answer:
        """Decide about a data_sm; in transaction mode it is answered when its outcome is known."""
        shared = self._shared
        shared.stats.submitted += 1
        version = connection.version
        judged = as_submit(request)
        if not isinstance(judged, SubmitSm):
            return self._refuse(connection, request, Decision(judged), now)
        refused = CommandStatus.ESME_RMSGQFUL if self._is_full(request) else CommandStatus.ESME_ROK
        if refused:
            return self._refuse(connection, request, Decision(refused), now)
        decision = decide_submit(shared.state, connection.account, connection.number, judged, now, version)
        plan = decision.plan
        if decision.status or plan is None:
            return self._refuse(connection, request, decision, now)
        held = self._take(connection, judged, decision, plan, request, now, version)
        response = DataSmResp(0, request.sequence_number, decision.tlvs, decision.message_id)
        answer = Answer(connection, response, now + decision.respond_after, decision.no_response, b"", held)
        if _is_transaction(request):
            answer.due = inf  # when it has come to its end
        return answer

    def _unfit(self, request: SubmitSm | SubmitMulti, version: int) -> int:
        """The status that a message earns before anybody looks at what it says."""
        # SMPP 3.4 §2.10.3: data_sm alone can be answered when the outcome is known.
        if request.esm_class & MESSAGING_MODE == TRANSACTION and version > Version.V33:
            return CommandStatus.ESME_RINVESMCLASS
        return CommandStatus.ESME_RMSGQFUL if self._is_full(request) else 0

    def _is_full(self, request: SubmitSm | DataSm | SubmitMulti) -> bool:
        if self._shared.book.full:
            return True
        return (self._all_bring or bool(request.registered_delivery & ASKS)) and self._deliveries.full

    def _refuse(self, connection: Peer, request: SubmitSm | DataSm, decision: Decision, now: float) -> Answer:
        shared = self._shared
        row = 0
        if shared.journal is not None:
            row = shared.journal.message(
                Message(
                    shared.epoch + now,
                    shared.name,
                    connection.system_id,
                    connection.number,
                    request,
                    decision.status,
                    alphabet=shared.operator.submit.alphabet,
                )
            )
        answer = Answer(
            connection,
            request.response(decision.status),
            now + decision.respond_after,
            decision.no_response,
            decision.body,
        )
        self._say(decision)
        if decision.rejected_receipt is not None and isinstance(request, SubmitSm):
            plan = decision.rejected_receipt
            answer.held = self._held(connection, request, decision, plan, now, connection.version)
            answer.held.row = row
            answer.held.timed = True
            if shared.journal is not None:
                shared.journal.plan(Pending(row, shared.name, None, answer.held.version, answer.held.plan, request))
        return answer

    # --- many destinations --------------------------------------------------------------------

    def multi(self, connection: Peer, request: SubmitMulti, now: float) -> Answer:
        """Decide about a submit_multi: one message for each destination, one id for them all (SMPP 3.4 §4.5)."""
        shared = self._shared
        shared.stats.submitted += 1
        destinations = self._destinations(request)
        version = connection.version
        refused = self._unfit(request, version) or (
            CommandStatus.ESME_ROK if destinations is not None else CommandStatus.ESME_RINVDLNAME
        )
        if refused or destinations is None:
            return Answer(connection, request.response(refused), now)
        taken: list[Held] = []
        told: list[Held] = []  # refused, and to have a receipt for that
        failed: list[UnsuccessSme] = []
        first: Decision | None = None
        body = b""
        respond_after = 0.0
        for destination in destinations:
            submit = for_destination(request, destination)
            decision = decide_submit(shared.state, connection.account, connection.number, submit, now, version)
            respond_after = max(respond_after, decision.respond_after)
            if decision.status or decision.plan is None:
                refusal = self._refuse(connection, submit, decision, now)
                body = decision.body
                if refusal.held is not None:
                    told.append(refusal.held)
                failed.append(
                    UnsuccessSme(
                        destination.dest_addr_ton,
                        destination.dest_addr_npi,
                        destination.destination_addr,
                        decision.status,
                    )
                )
                continue
            first = first or decision
            plan = decision.plan
            if first is not decision and first.plan is not None:
                plan = msgspec.structs.replace(plan, receipt_id=first.plan.receipt_id, tlv_id=first.plan.tlv_id)
                decision = msgspec.structs.replace(decision, message_id=first.message_id)
            taken.append(self._take(connection, submit, decision, plan, submit, now, version))
        answer = self._answer_multi(connection, request, first, failed, now + respond_after)
        if first is None:
            answer.body = body
        begins = [*taken, *told]
        if begins:
            answer.held, answer.more = begins[0], tuple(begins[1:])
        return answer

    def _answer_multi(
        self,
        connection: Peer,
        request: SubmitMulti,
        first: Decision | None,
        failed: list[UnsuccessSme],
        due: float,
    ) -> Answer:
        if first is None:
            # Nothing was accepted, so there is no id to speak of: the one reason, or that it failed.
            statuses = {unsuccess.error_status_code for unsuccess in failed}
            status = statuses.pop() if len(statuses) == 1 else int(CommandStatus.ESME_RSUBMITFAIL)
            return Answer(connection, request.response(status), due)
        response = request.response(
            CommandStatus.ESME_ROK,
            message_id=first.message_id,
            unsuccess_smes=tuple(failed[:MOST_UNSUCCESS]),
            tlvs=first.tlvs,
        )
        return Answer(connection, response, due, first.no_response)

    def _destinations(self, request: SubmitMulti) -> list[SmeAddress] | None:
        """Every number that a submit_multi is for; None when it names a list that nobody knows."""
        lists = self._shared.operator.submit.distribution_lists
        numbers: list[SmeAddress] = []
        for destination in request.dest_addresses:
            if isinstance(destination, DistributionList):
                if destination.dl_name not in lists:
                    return None
                numbers += [SmeAddress(*address(number)) for number in lists[destination.dl_name]]
            else:
                numbers.append(destination)
        return numbers

    # --- inside -------------------------------------------------------------------------------

    def _take(
        self,
        connection: Peer,
        submit: SubmitSm,
        decision: Decision,
        plan: Plan,
        request: SubmitSm | DataSm,
        now: float,
        version: int,
    ) -> Held:
        """Enter an accepted message into the book and the journal."""
        shared, outcomes = self._shared, self._outcomes
        held = self._held(connection, submit, decision, plan, now, version)
        if submit.replace_if_present_flag:
            held.replaces = self._present(connection, submit, now)
        if self._owner is not None:
            outcomes.is_for(held, self._owner(submit.destination_addr, connection.system_id))
        if outcomes.minds_all or plan.wanted or plan.notices or plan.reply or held.to:
            held.timed = outcomes.is_timed(held)
        if submit is not request and _is_transaction(request):
            held.timed = True
        shared.stats.book.taken += 1
        shared.book.enter(held)
        if shared.journal is not None:
            outcomes.record(held, request, shared.journal)
            self.tidy(1, now)
        if self._numbered is not None:
            self._revise(self._numbered, held, decision, now)
        if decision.remark:
            self._say(decision)
        return held

    def _say(self, decision: Decision) -> None:
        if decision.remark:
            _log.info("%s: %s", self._shared.name, decision.remark)

    @staticmethod
    def _held(connection: Peer, submit: SubmitSm, decision: Decision, plan: Plan, now: float, version: int) -> Held:
        ends_after = plan.ends_after
        return Held(
            now,
            connection.system_id,
            decision.message_id,
            submit,
            plan,
            plan.fate,
            inf if ends_after is None else now + ends_after,
            decision.number,
            0,
            connection.number,
            version,
        )

    def _present(self, connection: Peer, submit: SubmitSm, now: float) -> Held | None:
        """The last message of the same way that is not final (SMPP 3.4 §5.2.18)."""
        route = (connection.system_id, submit.source_addr, submit.destination_addr, submit.service_type)
        before = self._shared.book.on_route(route, now)
        return before[-1] if before else None

    def _revise(self, numbered: dict[int, Held], held: Held, decision: Decision, now: float) -> None:
        """Change the plans of earlier parts that this one completes."""
        if held.ends < inf:
            numbered[held.number] = held
        for revision in decision.revises:
            part = numbered.pop(revision.number, None)
            if part is not None and not part.final(now):
                self._outcomes.replan(part, shifted(revision.plan, now - part.at), now)
        if len(numbered) > self._most_numbered:
            self._numbered = {number: part for number, part in numbered.items() if not part.final(now)}
            self._most_numbered = max(TIDY_EVERY, 2 * len(self._numbered))

    def tidy(self, number: int, now: float) -> None:
        """So many messages were recorded; now and then what is of no use any more leaves the journal."""
        self._untidied += number
        if self._untidied >= TIDY_EVERY and self._shared.journal is not None:
            self._untidied = 0
            self._shared.journal.tidy(self._shared.name, self._shared.epoch + now)


def _is_transaction(request: SubmitSm | DataSm) -> bool:
    return isinstance(request, DataSm) and request.esm_class & MESSAGING_MODE == TRANSACTION


def shifted(plan: Plan, by: float) -> Plan:
    """The same plan for a message that was submitted `by` seconds earlier."""
    return msgspec.structs.replace(
        plan,
        ends_after=None if plan.ends_after is None else plan.ends_after + by,
        starts_after=plan.starts_after + by if plan.starts_after else 0.0,
        expires_after=plan.expires_after + by,
    )
