"""The bytes that are signed are the bytes that are sent."""

from __future__ import annotations

import pytest

from user_stream.core.signing import Signer, query_string

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


def test_parameters_keep_their_order_and_are_percent_encoded() -> None:
    query = query_string({"symbol": "币安人生USDT", "b": 'x y&="', "a": 5})

    assert query == "symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&b=x+y%26%3D%22&a=5"


def test_the_secret_is_in_no_repr() -> None:
    signer = Signer(SECRET)

    assert SECRET not in repr(signer)
    assert not hasattr(signer, "__dict__")
