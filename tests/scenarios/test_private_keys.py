"""An account with an RSA or Ed25519 key trades like any other; one whose key is another's is told to stop."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from simulator import AccountSpec, Simulator
from user_stream import Environment, OrderManager, SettingsError, SignatureRefusedError, UserStreamService

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()


def private_pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def account_of(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> AccountSpec:
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return AccountSpec(public_key=public.decode())


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["RSA", "Ed25519"])
async def test_an_account_with_a_private_key_is_traded_on(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> None:
    async with Simulator(accounts=(account_of(key),)) as sim:
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        keys = (sim.account.api_key, private_pem(key))
        async with (
            OrderManager(*keys, environment=environment) as orders,
            UserStreamService(*keys, orders, environment=environment),
        ):
            placed = await orders.place_limit_order("BTCUSDT", "BUY", "0.010", "60000")
            await orders.cancel_order(placed.client_order_id)

        answers = sim.journal.entries(kind="response")
        assert {entry.status for entry in answers} == {200}
        assert sim.journal.entries(kind="note") == []


async def test_a_key_that_is_not_the_accounts_stops_the_service_and_the_journal_says_why() -> None:
    async with Simulator(accounts=(account_of(ED25519),)) as sim:
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        another = private_pem(ed25519.Ed25519PrivateKey.generate())
        orders = OrderManager(sim.account.api_key, another, environment=environment)

        with pytest.raises(SignatureRefusedError):
            await UserStreamService(sim.account.api_key, another, orders, environment=environment).start()
        await orders.close()

        (note, *_) = sim.journal.entries(kind="note")
        assert "wrong secret or private key" in note.summary


def test_a_public_key_is_refused_before_anything_is_sent() -> None:
    public = account_of(ED25519).public_key

    with pytest.raises(SettingsError, match="public half") as refused:
        OrderManager("k" * 64, public, environment=Environment.SIMULATOR)

    assert public.splitlines()[1] not in str(refused.value)
