import pytest

from smppkit.alike import joined
from smsc.scenario.id_style import Writer
from smsc.scenario.latency import Fixed
from smsc.scenario.usual import MANY, Outcomes, Usual

HEX: Writer = "{:08x}".format


@pytest.mark.parametrize("write", [str, HEX, hex])
@pytest.mark.parametrize("number", [1, 950, 999, 1000, 9_990, 123_456, 999_990, 99_999_950])
@pytest.mark.parametrize("count", [1, MANY - 1, MANY, 100, 1500])
def test_ids_of_many_are_those_of_each(write: Writer, number: int, count: int) -> None:
    ids = Usual(write, Fixed(0.0), Fixed(0.0), Outcomes((1.0,), (None,)), 60.0).ids(number, count)
    each = [write(one).encode() for one in range(number, number + count)]
    assert list(ids) == each
    assert joined(ids) == b"".join(each)
