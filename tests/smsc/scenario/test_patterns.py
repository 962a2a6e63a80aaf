import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc.scenario.patterns import AddressIndex, AddressPattern, TextPattern


@pytest.mark.parametrize(
    ("pattern", "kind", "hits", "misses"),
    [
        ("77050000001", "exact", ["77050000001"], ["770500000011", "7705000000"]),
        ("77050000*", "prefix", ["77050000", "77050000123"], ["7705000", "177050000"]),
        ("*5550088", "suffix", ["5550088", "77055550088"], ["77055550089", "55500880"]),
        ("*", "prefix", ["", "1"], []),
        ("7705?5*", "other", ["7705x5", "770515999"], ["77055"]),
        ("7705[12]*", "other", ["77051", "770520"], ["77053"]),
        ("*555*", "other", ["555", "15552"], ["5 55"]),
        ("SHOP", "exact", ["SHOP"], ["shop", "SHOP1"]),
        ("a.c", "exact", ["a.c"], ["abc"]),
    ],
)
def test_an_address_matches_a_glob(pattern: str, kind: str, hits: list[str], misses: list[str]) -> None:
    glob = AddressPattern.parse(pattern)
    matches = glob.compile()
    assert glob.kind == kind
    assert all(matches(address) for address in hits)
    assert not any(matches(address) for address in misses)


def test_a_plus_counts_for_nothing_in_a_pattern() -> None:
    assert AddressPattern.parse("+7705*") == "7705*"


@given(st.text(alphabet="17*?[]!-", min_size=1, max_size=6), st.text(alphabet="17-", max_size=6))
def test_shortcuts_agree_with_the_glob_they_stand_for(pattern: str, address: str) -> None:
    glob = AddressPattern.parse(pattern)
    assert bool(glob.compile()(address)) == fnmatch.fnmatchcase(address, glob)


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("*casino*", ["Best CASINO in town", "casino", "a\ncasino\nb"], ["cas ino"]),
        ("СТОП", ["стоп", "Стоп"], ["стоп!"]),
        ("*", ["", "casino"], []),
        ("**ca*no**", ["Best CASINO in town"], ["cas"]),
        ("/casino/i", ["Best CASINO"], ["cas ino"]),
        ("/casino/", ["a casino"], ["a Casino"]),
        (r"/^code \d{4}$/m", ["hello\ncode 1234"], ["code 123"]),
        ("/a.b/s", ["a\nb"], ["ab"]),
        ("/a/b/", ["xa/by"], ["ab"]),
        ("http://*", ["http://x"], ["xhttp://"]),
    ],
)
def test_a_text_matches_a_glob_over_all_of_it_or_an_expression_in_it(
    pattern: str, hits: list[str], misses: list[str]
) -> None:
    matches = TextPattern.parse(pattern).compile()
    assert all(matches(text) for text in hits)
    assert not any(matches(text) for text in misses)


def test_a_wrong_expression_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="the regular expression is wrong: missing \\), unterminated subpattern"):
        TextPattern.parse("/(casino/i")
    with pytest.raises(ValueError, match='unknown flag "g" after the regular expression; expected i, m or s'):
        TextPattern.parse("/casino/g")


@pytest.mark.parametrize("kind", [AddressPattern, TextPattern])
def test_an_empty_pattern_is_refused(kind: type[AddressPattern] | type[TextPattern]) -> None:
    with pytest.raises(ValueError, match="expected a pattern such as"):
        kind.parse("")


PATTERNS = st.one_of(st.text(alphabet="12*?", min_size=1, max_size=4), st.sampled_from(["/^1/", "/2$/", "/12/"]))


@given(
    entries=st.lists(st.lists(PATTERNS, max_size=3), max_size=6),
    address=st.text(alphabet="12", max_size=4),
)
def test_an_index_finds_the_entries_that_fit_in_their_order(entries: list[list[str]], address: str) -> None:
    patterns = [[AddressPattern.parse(text) for text in texts] for texts in entries]
    fits = [
        position
        for position, each in enumerate(patterns)
        if not each or any(pattern.compile()(address) for pattern in each)
    ]
    assert list(AddressIndex(patterns).find(address)) == fits
    assert AddressIndex(patterns).fits(address) is bool(fits)
