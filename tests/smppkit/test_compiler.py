"""What is compiled can be read in tracebacks, and nothing of a peer gets into it."""

import linecache

import pytest

from smppkit.codec import CODECS
from smppkit.compiler import Reader, Source, declared
from smppkit.pdus import EnquireLink, SmeAddress, SubmitSm


def test_a_function_is_its_lines():
    source = Source()
    source.line(f"return value + {source.bind('two', 2)}")
    assert source.function("add", "value")(40) == 42


def test_refused_exceptions_become_the_other_expression():
    source = Source()
    source.line("return table[key]")
    source.bind("table", {1: "one"})
    look_up = source.function("look_up", "key", refused=(KeyError,), otherwise="'none'")
    assert (look_up(1), look_up(2)) == ("one", "none")
    with pytest.raises(TypeError):
        look_up([])


def test_a_run_of_fields_is_one_match():
    reader = Reader()
    reader.octet("ton", range(7))
    reader.octet("npi", {0, 1})
    reader.group("address", rb"([^\0]{0,20}+)\0")
    reader.match()
    reader.line("return ton, npi, address, at")
    read = reader.function("read", "octets, at, end")
    assert read(b"..\x06\x01SHOP\0", 2, 9) == (6, 1, b"SHOP", 9)
    for refused in (b"\x07\x01SHOP\0", b"\x06\x02SHOP\0", b"\x06\x01SHOP", b"\x06\x01" + b"x" * 21 + b"\0"):
        with pytest.raises(ValueError, match=r"^$"):
            read(refused, 0, len(refused))


def test_fields_are_what_is_annotated_with_a_kind():
    assert [name for name, _ in declared(SmeAddress)] == ["dest_addr_ton", "dest_addr_npi", "destination_addr"]
    assert declared(EnquireLink) == ()


@pytest.mark.parametrize("codec", CODECS.values(), ids=["33", "34", "50"])
def test_the_compiled_lines_are_there_for_tracebacks(codec):
    for command_id, layout in codec.layouts.items():
        code = codec.decoders[command_id].__code__
        assert linecache.getline(code.co_filename, 1).startswith(f"def decode_{layout.kind.name}(octets, start, end, ")


def test_versions_of_one_function_are_told_apart_in_tracebacks():
    limits = {codec.decoders[SubmitSm.command_id].__code__.co_filename for codec in CODECS.values()}
    assert len(limits) == 3
