"""Where a webhook may lead."""

import pytest

from sender.pipeline.webhooks.addresses import why_not

METADATA = ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe")
PRIVATE = (
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "127.1.2.3", "169.254.1.1", "192.0.2.1",
    "198.18.0.1", "240.0.0.1", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1",
)  # fmt: skip
NOWHERE = ("0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:0.0.0.0")  # noqa: S104
PUBLIC = ("8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", [*METADATA, *PRIVATE, *NOWHERE, "", "localhost", "8.8.8.8.8", "0x7f.1"])
def test_into_our_own_network_it_may_not(address: str) -> None:
    assert why_not(address, allow_private=False) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_to_the_public_it_may(address: str) -> None:
    assert why_not(address, allow_private=False) is None


@pytest.mark.parametrize("address", [*METADATA, *NOWHERE, ""])
def test_some_addresses_are_refused_even_where_private_ones_are_allowed(address: str) -> None:
    assert why_not(address, allow_private=True) is not None


@pytest.mark.parametrize("address", [*PRIVATE, *PUBLIC])
def test_private_addresses_may_be_allowed(address: str) -> None:
    assert why_not(address, allow_private=True) is None
