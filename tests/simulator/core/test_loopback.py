"""The control plane is for this machine alone."""

from __future__ import annotations

import pytest

from simulator.core.loopback import is_loopback, why_refused

HERE = {"Host": "127.0.0.1:9010"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1"])
def test_this_machine_has_these_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "10.0.0.1", "example.com", "localhost.example.com", "127.0.0.1.nip.io"])
def test_no_other_name_is_this_machines(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["localhost:9010", "127.0.0.1", "[::1]:80"])
def test_a_request_of_this_machine_is_served(host: str) -> None:
    assert why_refused("127.0.0.1", {"Host": host}) == ""
    assert why_refused("::1", {"Host": host, "Origin": "http://localhost:3000"}) == ""


@pytest.mark.parametrize("peer", ["", "10.0.0.1", "fe80::1"])
def test_a_request_from_elsewhere_is_refused(peer: str) -> None:
    assert why_refused(peer, HERE) == "the control plane is for this machine alone: ask over a loopback address"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:9010", "10.0.0.1", "[::", "localhost.evil.example", ""])
def test_a_name_that_leads_here_from_elsewhere_is_refused(host: str) -> None:
    wanted = f"the control plane is not served under the name {host!r}: use 127.0.0.1 or localhost"

    assert why_refused("127.0.0.1", {"Host": host}) == wanted


def test_a_request_without_a_name_is_refused() -> None:
    assert why_refused("127.0.0.1", {}) != ""


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[::"])
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    assert why_refused("127.0.0.1", HERE | {"Origin": origin}) == f"the control plane is not for pages of {origin}"
