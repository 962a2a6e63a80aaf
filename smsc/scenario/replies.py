"""What a subscriber answers to a message that has been delivered: by a command in it, else by the reply model."""

import math

from smppkit.pdus import SubmitSm
from smsc.scenario.commands import Commands, commands_in
from smsc.scenario.decisions import Plan
from smsc.scenario.draws import Draws
from smsc.scenario.engine import OperatorState
from smsc.scenario.mobile import MoMessage
from smsc.scenario.reading import Reading
from smsc.scenario.reply_model import AFTER
from smsc.scenario.treatment import seconds

_LONGEST_ADDRESS = 20


def decide_reply(
    state: OperatorState,
    pdu: SubmitSm,
    now: float,  # noqa: ARG001
    plan: Plan | None = None,
    system_id: str = "",
    message_id: str = "",
) -> tuple[float, MoMessage] | None:
    """Decide what the subscriber answers to a message delivered `now`: after how many seconds, and what.

    What a rule planned comes before what the operator's subscribers say otherwise.

    None for nothing; so too when there is no address to answer to. The same message sent again is decided anew.
    """
    operator = state.operator
    if not pdu.source_addr or len(pdu.destination_addr) > _LONGEST_ADDRESS or not pdu.destination_addr:
        return None
    reading = Reading(pdu, operator.submit.alphabet)
    answer: tuple[float, str] | None = None
    commands = commands_in(reading.text) if operator.commands else None
    if isinstance(commands, Commands) and commands.mo is not None:
        draws = Draws(state.reply_chance, "", pdu)
        answer = seconds(commands.mo_after, draws, AFTER), commands.mo
    elif plan is not None and plan.reply is not None:
        answer = plan.reply.after, plan.reply.text
    elif state.replies:
        answer = state.replies.answer(reading, Draws(state.reply_chance, "", pdu), system_id, message_id)
    if answer is None or answer[0] == math.inf:
        return None
    after, text = answer
    return after, MoMessage(from_=pdu.destination_addr, to=pdu.source_addr, text=text)
