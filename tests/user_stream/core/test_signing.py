"""The bytes that are signed are the bytes that are sent, and the key says how."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qsl, unquote, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from user_stream.core.signing import Signer, query_string
from user_stream.errors import SettingsError

SECRET = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        (
            "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC"
            "&recvWindow=5000&timestamp=1591702613943",
            "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9",
        ),
        (
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=9000"
            "&recvWindow=5000&timestamp=1591702613943",
            "ec11dcc17e67e47f0d3c3f513dfe9062307e37619c5c82ebaa8fe0bdf3d59519",
        ),
        (
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTCquantity=1&price=9000"
            "&recvWindow=5000&timestamp=1591702613943",
            "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4",
        ),
    ],
    ids=["query", "another order", "query and body"],
)
def test_signature_is_that_of_the_documentation(text: str, signature: str) -> None:
    assert Signer(SECRET).sign(text) == f"{text}&signature={signature}"


def pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def signature_of(signed: str) -> bytes:
    """Return the signature as the exchange reads it."""
    return base64.b64decode(dict(parse_qsl(signed))["signature"], validate=True)


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
SHA256_IN_DER = bytes.fromhex("3031300d060960864801650304020105000420")


@pytest.mark.parametrize(
    ("seed", "text", "signature"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555f"
            "b8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "r",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da08"
            "5ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ],
    ids=["test 1", "test 2"],
)
def test_an_ed25519_signature_is_that_of_rfc_8032(seed: str, text: str, signature: str) -> None:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))

    assert signature_of(Signer(pem(key)).sign(text)).hex() == signature


def test_an_rsa_signature_is_pkcs1_v1_5_over_sha_256_by_the_arithmetic_of_rfc_8017() -> None:
    text = "symbol=BTCUSDT&side=BUY&timestamp=1591702613943"

    signature = int.from_bytes(signature_of(Signer(pem(RSA)).sign(text)))

    public = RSA.public_key().public_numbers()
    digest = SHA256_IN_DER + hashlib.sha256(text.encode()).digest()
    padded = b"\x00\x01" + b"\xff" * (256 - 3 - len(digest)) + b"\x00" + digest
    assert pow(signature, public.e, public.n).to_bytes(256) == padded


@pytest.mark.parametrize("signer", [Signer(pem(ED25519)), Signer(pem(RSA))], ids=["Ed25519", "RSA"])
@given(value=st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_a_base64_signature_is_last_and_survives_every_way_of_reading_a_query(signer: Signer, value: str) -> None:
    query = query_string({"symbol": value, "timestamp": 1})

    signed = signer.sign(query)

    sent, _, signature = signed.rpartition("&signature=")
    assert sent == query
    assert not set(signature) & set("+/=&")
    assert dict(parse_qsl(signed))["signature"] == unquote(signature)


def test_an_hmac_signature_is_hex_even_of_a_secret_that_could_be_base64() -> None:
    assert int(Signer("c2VjcmV0c2VjcmV0").sign("a=1").rpartition("=")[2], 16)


@pytest.mark.parametrize("name", ["/home/me/.binance/private.pem", "private.key", "C:\\keys\\ed25519.der"])
def test_the_name_of_a_file_is_no_secret_and_is_not_quoted(name: str) -> None:
    with pytest.raises(SettingsError, match="looks like the name of a file") as refused:
        Signer(name)

    assert name not in str(refused.value)


def test_parameters_keep_their_order_and_are_percent_encoded() -> None:
    query = query_string({"symbol": "币安人生USDT", "b": 'x y&="', "a": 5})

    assert query == "symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&b=x+y%26%3D%22&a=5"


@pytest.mark.parametrize("secret", [SECRET, pem(ED25519), pem(RSA)], ids=["HMAC", "Ed25519", "RSA"])
def test_the_secret_is_in_no_repr(secret: str) -> None:
    signer = Signer(secret)

    assert repr(signer) == "Signer(<hidden>)"
    assert not hasattr(signer, "__dict__")


@pytest.mark.parametrize("value", ["plain-1_2.3~4", "a&b", "a=b", "a&b=c", "a b", "ü", "1:2/3", "", "%41", "a\n", "é"])
def test_a_query_is_encoded_as_the_standard_library_does_it(value: str) -> None:
    params: dict[str, str | int] = {"symbol": "BTCUSDT", "name": value, "limit": 5}

    assert query_string(params) == urlencode(params)
    assert query_string({value: value}) == urlencode({value: value})
