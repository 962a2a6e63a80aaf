"""The table of differences, and what it makes of the declarations."""

import pytest

from smppkit import kinds
from smppkit.commands import CommandId
from smppkit.compiler import declared
from smppkit.pdus import PDUS, DataSm, ReplaceSm, SubmitSm
from smppkit.states import Version
from smppkit.versions import DIFFERENCES, layout, pdus_of


def spec(kind, name, version):
    return dict(layout(kind, version).fields)[name]


def test_each_version_has_as_many_pdus_as_its_specification():
    assert {version.name: len(pdus_of(version)) for version in Version} == {"V33": 29, "V34": 27, "V50": 33}
    assert {kind for version in Version for kind in pdus_of(version)} == set(PDUS.values())


def test_3_4_is_what_is_declared():
    for kind in pdus_of(Version.V34):
        assert layout(kind).fields == declared(kind)
        assert (layout(kind).expected, layout(kind).rules) == (kind.expected, kind.rules)


@pytest.mark.parametrize("version", Version)
def test_every_replaced_kind_of_field_is_used_somewhere(version):
    used = [old for kind in pdus_of(version) for _, old in declared(kind)]
    for old, new in DIFFERENCES[version].instead:
        assert old in used
        assert new != old


def test_kinds_of_fields_that_a_version_may_replace_are_told_apart():
    replaced = [old for differences in DIFFERENCES.values() for old, _ in differences.instead]
    assert len(set(replaced)) == len(replaced)
    assert kinds.MESSAGE_ID not in (kinds.RESPONSE_MESSAGE_ID, kinds.USER_DATA)


def test_a_field_differs_where_the_versions_do():
    assert [spec(SubmitSm, "short_message", version).limit for version in Version] == [254, 254, 255]
    assert spec(SubmitSm, "service_type", Version.V50) == spec(SubmitSm, "service_type", Version.V34)


def test_expected_tlvs_and_rules_are_those_of_the_version():
    assert [len(layout(SubmitSm, version).expected) for version in Version] == [0, 28, 47]
    assert layout(ReplaceSm, Version.V34).rules == ()
    assert len(layout(ReplaceSm, Version.V50).rules) == 1
    assert layout(DataSm, Version.V50).rules == DataSm.rules


def test_3_3_knows_the_operations_that_were_dropped_later():
    without = DIFFERENCES[Version.V34].without
    assert {CommandId.PARAM_RETRIEVE, CommandId.QUERY_LAST_MSGS, CommandId.QUERY_MSG_DETAILS} <= without
    assert not without & {kind.command_id for kind in pdus_of(Version.V34)}
