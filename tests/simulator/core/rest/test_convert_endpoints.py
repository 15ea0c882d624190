"""Conversion as its endpoints show it: pairs, a quote, its acceptance, and how it went."""

from __future__ import annotations

import pytest

from simulator import AccountSpec, VenueError
from simulator.core.rest.endpoints import ROUTES
from tests.simulator.core.conditional_orders import Bench
from tests.simulator.core.small_markets import NOW, call

THOUSAND = {"fromAsset": "USDT", "toAsset": "BTC", "fromAmount": "1000"}


def test_the_pairs_are_of_margin_assets_with_a_price() -> None:
    rows = Bench().ask("GET convert/exchangeInfo")

    assert {row["fromAsset"] for row in rows} == {row["toAsset"] for row in rows} == {
        "USDT", "BTC", "ETH", "USDC", "FDUSD",
    }  # fmt: skip
    assert len(rows) == 5 * 4


def test_the_pairs_may_be_asked_for_by_either_asset() -> None:
    bench = Bench()

    assert bench.ask("GET convert/exchangeInfo", fromAsset="BTC", toAsset="USDT") == [
        {
            "fromAsset": "BTC",
            "toAsset": "USDT",
            "fromAssetMinAmount": "0.00030769",
            "fromAssetMaxAmount": "38.46153846",
            "toAssetMinAmount": "20",
            "toAssetMaxAmount": "2500000",
        }
    ]
    assert {row["toAsset"] for row in bench.ask("GET convert/exchangeInfo", toAsset="ETH")} == {"ETH"}
    assert bench.ask("GET convert/exchangeInfo", fromAsset="NONE") == []


def test_a_quote_says_what_is_given_and_got_until_when() -> None:
    assert Bench().ask("POST convert/getQuote", **THOUSAND, validTime="10s") == {
        "quoteId": "12415572565",
        "ratio": "0.00001538",
        "inverseRatio": "65000",
        "validTimestamp": NOW + 10_000,
        "toAmount": "0.01538462",
        "fromAmount": "1000",
    }


def test_without_the_money_a_quote_has_no_id() -> None:
    quote = Bench(AccountSpec(balance="999")).ask("POST convert/getQuote", **THOUSAND)

    assert "quoteId" not in quote
    assert quote["toAmount"] == "0.01538462"


def test_an_accepted_quote_is_found_by_both_ids_and_told_on_the_stream() -> None:
    bench = Bench()
    quote = bench.ask("POST convert/getQuote", **THOUSAND)
    bench.now_ms += 1
    order = bench.ask("POST convert/acceptQuote", quoteId=quote["quoteId"])

    assert (order["orderStatus"], order["createTime"]) == ("PROCESS", NOW + 1)
    status = bench.ask("GET convert/orderStatus", orderId=order["orderId"])
    assert status == bench.ask("GET convert/orderStatus", quoteId=quote["quoteId"])
    assert status == {
        "orderId": int(order["orderId"]),
        "orderStatus": "SUCCESS",
        "fromAsset": "USDT",
        "fromAmount": "1000",
        "toAsset": "BTC",
        "toAmount": "0.01538462",
        "ratio": "0.00001538",
        "inverseRatio": "65000",
        "createTime": NOW + 1,
    }
    told = [(event.name, event.body["a"]["m"], event.body["a"]["B"]) for event in bench.told]
    assert told == [
        ("ACCOUNT_UPDATE", reason, [{"a": asset, "wb": wallet, "cw": wallet, "bc": change}])
        for reason, asset, wallet, change in (
            ("COIN_SWAP_WITHDRAW", "USDT", "9000.00000000", "-1000"),
            ("COIN_SWAP_DEPOSIT", "BTC", "0.01538462", "0.01538462"),
        )
    ]
    incomes = bench.ask("GET income", incomeType="COIN_SWAP_DEPOSIT")
    assert [(row["asset"], row["income"]) for row in incomes] == [("BTC", "0.01538462")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fromAsset": ""}, -1102),
        ({"toAsset": "BNB"}, -1126),
        ({"toAsset": "SOL"}, -1126),
        ({"toAsset": "USDT"}, -4144),
        ({"fromAmount": ""}, -1102),
        ({"toAmount": "1"}, -1128),
        ({"fromAmount": "much"}, -1100),
        ({"validTime": "1h"}, -1130),
        ({"fromAmount": "1"}, -1130),
    ],
)
def test_a_quote_is_refused(change: dict[str, str], code: int) -> None:
    with pytest.raises(VenueError) as refused:
        Bench().ask("POST convert/getQuote", **(THOUSAND | change))

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("request_", "params", "code"),
    [
        ("POST convert/acceptQuote", {}, -1102),
        ("POST convert/acceptQuote", {"quoteId": "1"}, -1130),
        ("GET convert/orderStatus", {}, -1102),
        ("GET convert/orderStatus", {"orderId": "1"}, -2013),
        ("GET convert/orderStatus", {"quoteId": "1"}, -2013),
    ],
)
def test_what_is_not_there_is_refused(request_: str, params: dict[str, str], code: int) -> None:
    with pytest.raises(VenueError) as refused:
        Bench().ask(request_, **params)

    assert refused.value.code == code


def test_wiping_the_exchange_forgets_the_conversions() -> None:
    bench = Bench()
    quote = bench.ask("POST convert/getQuote", **THOUSAND)
    bench.venue.wipe()

    with pytest.raises(VenueError, match="quoteId"):
        bench.ask("POST convert/acceptQuote", quoteId=quote["quoteId"])


def test_the_pairs_are_public() -> None:
    route = ROUTES["GET", "/fapi/v1/convert/exchangeInfo"]

    assert route.security == "none"
    assert route.endpoint(Bench().venue, call(account="")).body
