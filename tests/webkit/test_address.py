"""Where the control API is, as people write it."""

from __future__ import annotations

import pytest

from webkit.address import HttpAddress, address_url


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("2780", "127.0.0.1", 2780),
        ("0", "127.0.0.1", 0),
        ("localhost:80", "localhost", 80),
        ("0.0.0.0:2780", "0.0.0.0", 2780),  # noqa: S104 - nothing is bound
        ("[::1]:2780", "::1", 2780),
    ],
)
def test_an_address_is_read_and_written(text: str, host: str, port: int) -> None:
    address = HttpAddress.parse(text)
    assert (address.host, address.port) == (host, port)
    assert HttpAddress.parse(str(address)) == address


@pytest.mark.parametrize("text", ["", "x", "127.0.0.1", "127.0.0.1:", ":80", "127.0.0.1:65536", "::1:80", "-1", "80:x"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="found"):
        HttpAddress.parse(text)


def test_the_page_is_where_this_machine_reaches_it() -> None:
    assert address_url("::1", 80) == "http://[::1]:80/"
    assert address_url("0.0.0.0", 80) == "http://127.0.0.1:80/"  # noqa: S104
    assert address_url("smsc", 80) == "http://smsc:80/"
