"""What an operator asks of a message before it thinks about it: senders, service types, codings, TLVs, content.

Each check is made once, from what the scenario says; an operator that asks for nothing has none, and pays nothing.
"""

from collections.abc import Callable, Sequence

from smppkit.states import Version
from smppkit.status import CommandStatus
from smsc.scenario.patterns import TextPattern
from smsc.scenario.reading import Reading
from smsc.scenario.submitting import SenderRules, Submit
from smsc.scenario.tlv_values import RequiredTlv

Check = Callable[[Reading, Version], int]
"""A message and the version its session speaks → the command_status it earns, 0 when there is nothing against it."""

_NAME_TON, _NAME_NPI = 5, 0


def checks_of(submit: Submit) -> tuple[Check, ...]:
    """The checks that a scenario asks for, in the order in which they are made."""
    content = submit.content
    made = (
        _sender(submit.senders),
        None if submit.service_types is None else _service_type(frozenset(submit.service_types)),
        None if submit.data_codings is None else _data_coding(submit),
        _tlvs(submit.required_tlvs) if submit.required_tlvs else None,
        None if content.templates is None else _templates(content.templates, content.template_status),
        _spam(content.spam, content.spam_status) if content.spam else None,
    )
    return tuple(check for check in made if check is not None)


def _sender(rules: SenderRules) -> Check | None:
    longest_name, longest_number, strict = rules.alphanumeric, rules.numeric, rules.strict_ton
    if longest_name >= 20 and longest_number >= 20 and not strict:
        return None
    status = int(rules.status)

    def check(reading: Reading, version: Version) -> int:  # noqa: ARG001
        pdu = reading.pdu
        sender = pdu.source_addr.removeprefix("+")
        if not sender:
            return 0  # SMPP 3.4 §5.2.8: the account's own address
        is_number = sender.isascii() and sender.isdigit()
        if len(sender) > (longest_number if is_number else longest_name):
            return status
        if strict and is_number is (pdu.source_addr_ton == _NAME_TON):
            return status
        return status if strict and not is_number and pdu.source_addr_npi != _NAME_NPI else 0

    return check


def _service_type(allowed: frozenset[str]) -> Check:
    status = int(CommandStatus.ESME_RINVSERTYP)
    return lambda reading, version: 0 if reading.pdu.service_type in allowed else status  # noqa: ARG005


def _data_coding(submit: Submit) -> Check:
    allowed = frozenset(int(coding) for coding in submit.data_codings or ())
    given = submit.data_coding_status

    def check(reading: Reading, version: Version) -> int:
        if reading.pdu.data_coding in allowed:
            return 0
        if given is not None:
            return int(given)
        # ESME_RINVDCS is of SMPP 5.0; 3.4 has no word for it, and 0x45 is what most say.
        return int(CommandStatus.ESME_RINVDCS if version >= Version.V50 else CommandStatus.ESME_RSUBMITFAIL)

    return check


def _tlvs(required: Sequence[RequiredTlv]) -> Check:
    def check(reading: Reading, version: Version) -> int:  # noqa: ARG001
        for tlv in required:
            status = tlv.judge(reading.pdu.tlvs)
            if status:
                return int(status)
        return 0

    return check


def _templates(patterns: Sequence[TextPattern], status: int) -> Check:
    """A long message is judged when it is whole: no part of it is what was registered."""
    tests = [pattern.compile() for pattern in patterns]
    status = int(status)

    def check(reading: Reading, version: Version) -> int:  # noqa: ARG001
        if reading.pending:
            return 0
        text = reading.text if reading.whole is None else reading.whole
        return 0 if any(test(text) for test in tests) else status

    return check


def _spam(patterns: Sequence[TextPattern], status: int) -> Check:
    """A long message is judged part by part, and once more when it is whole: a cut hides no word."""
    tests = [pattern.compile() for pattern in patterns]
    status = int(status)

    def check(reading: Reading, version: Version) -> int:  # noqa: ARG001
        texts = (reading.text,) if reading.whole is None else (reading.text, reading.whole)
        return status if any(test(text) for text in texts for test in tests) else 0

    return check
