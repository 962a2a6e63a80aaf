"""Command ids against the table of the specification."""

from smppkit.commands import RESPONSE_BIT, CommandId, command_name

WITHOUT_RESPONSE = {"outbind", "alert_notification"}


def test_every_request_but_two_has_a_response():
    requests = {command.name.lower() for command in CommandId if not command & RESPONSE_BIT}
    responses = {command.name.lower() for command in CommandId if command & RESPONSE_BIT}
    assert responses == {f"{name}_resp" for name in requests - WITHOUT_RESPONSE} | {"generic_nack"}
    assert (len(requests), len(responses)) == (20, 19)


def test_a_response_is_its_request_with_the_response_bit():
    for command in CommandId:
        if command.name.endswith("_RESP"):
            assert command == CommandId[command.name.removesuffix("_RESP")] | RESPONSE_BIT


def test_names_are_those_of_the_specification_and_numbers_otherwise():
    assert command_name(0x00000004) == "submit_sm"
    assert command_name(0x00000112) == "query_broadcast_sm"
    assert command_name(0x80000009) == "bind_transceiver_resp"
    assert command_name(0x80000000) == "generic_nack"
    assert command_name(0x0000000A) == "0x0000000a"
