"""The command `user-stream`, as its user meets it."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result

import user_stream.demo.run
from simulator import AccountSpec
from user_stream.cli import URL_FORMS, main
from user_stream.core.signing import Signer, query_string

NO_KEYS = {name: "" for name in os.environ if name.startswith("BINANCE_")}


def invoke(*arguments: str, env: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), env=NO_KEYS | dict(env or {}))


def assert_one_clear_line(result: Result, said: str) -> None:
    assert result.exit_code != 0
    assert re.fullmatch(r"Error: [^\n]+\n", result.stderr)
    assert said in result.stderr


@pytest.fixture(autouse=True)
def _log_level_stays_as_it_was() -> Iterator[None]:
    logger = logging.getLogger("user_stream")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.fixture
def deaf_url() -> str:
    """An address of this machine at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


# --- what cannot be done ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", ["testnet", "mainnet"])
def test_a_missing_key_is_one_line_that_names_it(environment: str) -> None:
    result = invoke("run", "--environment", environment)

    assert_one_clear_line(result, "BINANCE_TESTNET_API_KEY" if environment == "testnet" else "BINANCE_API_KEY")


def test_a_keys_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.env"
    path.write_text("BINANCE_API_KEY=x\nBINANCE_API_SECRET=y\n")
    path.chmod(0o644)

    assert_one_clear_line(invoke("run", "--environment", "mainnet", "--keys", str(path)), f"chmod 600 {path}")


@pytest.mark.parametrize("journal", [".", "..", "/", ""])
def test_a_journal_that_is_a_directory_is_one_line_that_says_so(journal: str, deaf_url: str) -> None:
    assert_one_clear_line(invoke("run", "--rest-url", deaf_url, "--journal", journal), "is a directory")


def test_a_private_key_that_cannot_sign_is_one_line_that_names_its_file(tmp_path: Path) -> None:
    path = tmp_path / "private.pem"
    path.write_text("-----BEGIN PUBLIC KEY-----\n")
    path.chmod(0o600)

    assert_one_clear_line(invoke("run", "--private-key", str(path)), f"{path}: the PEM text is the public half")


def test_a_simulator_that_is_not_there_is_one_line_with_the_command_that_starts_it(deaf_url: str) -> None:
    port = deaf_url.rpartition(":")[2]

    assert_one_clear_line(invoke("run", "--rest-url", deaf_url), f"`simulator serve --port {port}` starts one")


@pytest.mark.parametrize("environment", ["testnet", "mainnet"])
def test_the_addresses_of_binance_cannot_be_replaced(environment: str, deaf_url: str) -> None:
    result = invoke("run", "--environment", environment, "--rest-url", deaf_url)

    assert_one_clear_line(result, f"{environment} has fixed addresses")


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:9010", "http://192.0.2.1:9010", "http://127.0.0.1:99999", "http://[", "nonsense"]
)
def test_a_simulator_is_looked_for_on_this_machine_only(url: str) -> None:
    assert_one_clear_line(invoke("run", "--rest-url", url), url)


def test_no_option_takes_a_key() -> None:
    options = {option for parameter in main.commands["run"].params for option in parameter.opts}

    assert options == {
        "--environment",
        "--rest-url",
        "--ws-url",
        "--keys",
        "--private-key",
        "--url-form",
        "--connections",
        "--journal",
        "--log-level",
        "--log-format",
        "--metrics-port",
        "--metrics-host",
    }


def test_an_environment_that_does_not_exist_is_told_which_do() -> None:
    result = invoke("run", "--environment", "spot")

    assert result.exit_code == 2
    assert "'simulator', 'testnet', 'mainnet'" in result.stderr


def test_the_exit_code_of_the_demo_is_its_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_stream.demo.run, "main", lambda: 3)

    assert invoke("demo").exit_code == 3


# --- against a simulator of its own -------------------------------------------------------------------------------


@contextmanager
def started(*command: str, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603  our own commands
        [sys.executable, "-m", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | NO_KEYS | dict(env or {}),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def simulator_url() -> Iterator[str]:
    with started("simulator", "serve", "--port", "0", "--rate-limits", "counted") as process:
        assert process.stdout is not None
        yield next(line.split()[1] for line in process.stdout if line.startswith("REST"))


def buy_at_the_market(url: str) -> None:
    account = AccountSpec()
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.002", "newClientOrderId": "by-hand"}
    query = Signer(account.api_secret).sign(query_string(order | {"timestamp": time.time_ns() // 1_000_000}))
    answer = requests.post(
        f"{url}/fapi/v1/order?{query}", headers={"X-MBX-APIKEY": account.api_key}, timeout=10, proxies={"http": ""}
    )
    assert answer.status_code == 200, answer.text


def read_until(process: subprocess.Popen[str], words: str) -> list[str]:
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return lines
    pytest.fail(f"{words!r} never came, but: {''.join(lines)}")


def test_what_happens_is_printed_as_it_happens_until_ctrl_c_ends_it_cleanly(simulator_url: str) -> None:
    with started("user_stream", "run", "--rest-url", simulator_url) as process:
        opening = read_until(process, "  live\n")
        buy_at_the_market(simulator_url)
        told = read_until(process, " FILLED ")
        process.send_signal(signal.SIGINT)
        closing, errors = process.communicate(timeout=20)

    assert "places no orders" in opening[0]
    fills = [line for line in told if "  fill  " in line]
    assert len(fills) == 1
    assert "BTCUSDT BUY 0.002 at " in fills[0]
    assert "by-hand" in fills[0]
    assert any("account  ORDER: USDT" in line and "BTCUSDT 0.002 at" in line for line in told)
    assert closing.endswith("stream   stopped\n")
    assert (process.returncode, errors) == (0, "")
    assert "\x1b" not in "".join([*opening, *told, closing])


@pytest.mark.parametrize("url_form", URL_FORMS)
def test_sigterm_ends_it_as_cleanly_whatever_the_form_of_the_stream(simulator_url: str, url_form: str) -> None:
    with started("user_stream", "run", "--rest-url", simulator_url, "--url-form", url_form) as process:
        read_until(process, "  live\n")
        process.terminate()
        closing, errors = process.communicate(timeout=20)

    assert closing.endswith("stream   stopped\n")
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize("option", ["--rest-url", "--ws-url"])
def test_one_address_is_enough_because_a_simulator_has_one_port(simulator_url: str, option: str) -> None:
    address = simulator_url if option == "--rest-url" else simulator_url.replace("http", "ws")
    with started("user_stream", "run", option, f"{address}/") as process:
        assert simulator_url in read_until(process, "  live\n")[0]


def test_when_the_exchange_goes_away_it_waits_for_it(deaf_url: str) -> None:
    serve = ("simulator", "serve", "--port", deaf_url.rpartition(":")[2])
    with ExitStack() as open_to_the_end:
        with started(*serve) as exchange:
            read_until(exchange, "Ctrl-C")
            process = open_to_the_end.enter_context(started("user_stream", "run", "--rest-url", deaf_url))
            read_until(process, "  live\n")
        read_until(process, "  gap      opened: what happened since ")
        read_until(process, ", trying again in ")
        open_to_the_end.enter_context(started(*serve))
        read_until(process, "  gap      repaired: ")
        read_until(process, "  live\n")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("BINANCE_SIMULATOR_API_KEY", "refuses the API key (-2015)"),
        ("BINANCE_SIMULATOR_API_SECRET", "refuses the signature (-1022)"),
    ],
)
def test_a_refused_key_is_one_line_that_says_what_to_check(simulator_url: str, name: str, said: str) -> None:
    account = AccountSpec()
    keys = {"BINANCE_SIMULATOR_API_KEY": account.api_key, "BINANCE_SIMULATOR_API_SECRET": account.api_secret}

    result = invoke("run", "--rest-url", simulator_url, env=keys | {name: "W" * 64})

    assert_one_clear_line(result, said)
    assert "W" * 64 not in result.output


# --- what it leaves behind ----------------------------------------------------------------------------------------


def test_what_one_run_told_another_one_goes_on_from(simulator_url: str, tmp_path: Path) -> None:
    run = ("run", "--rest-url", simulator_url, "--connections", "2", "--journal", str(tmp_path / "journal"))
    with started("user_stream", *run) as process:
        read_until(process, "  live\n")
        buy_at_the_market(simulator_url)
        read_until(process, " FILLED ")
    with started("user_stream", *run) as process:
        opening = read_until(process, "  live\n")

    shown = invoke("journal", "show", "--orders", str(tmp_path / "journal"))
    assert any("the process was not running" in line for line in opening)
    assert "FILLED" in shown.output


def test_metrics_are_served_while_it_runs(simulator_url: str) -> None:
    with started("user_stream", "run", "--rest-url", simulator_url, "--metrics-port", "0") as process:
        opening = read_until(process, "  live\n")
        buy_at_the_market(simulator_url)
        read_until(process, " FILLED ")
        address = opening[0].removeprefix("metrics at ").strip()
        scraped = requests.get(address, timeout=10, proxies={"http": ""}).text

    assert address.startswith("http://127.0.0.1:")
    assert 'user_stream_state{account="",state="live"} 1.0' in scraped
    assert re.search(r'^user_stream_fills_total\{account="",source="\w+"\} 1\.0$', scraped, re.MULTILINE)
    assert AccountSpec().api_key not in scraped


def test_port_that_is_taken_is_one_line(simulator_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = invoke("run", "--rest-url", simulator_url, "--metrics-port", port)

    assert_one_clear_line(result, f"metrics cannot be served at 127.0.0.1, port {port}")


def test_metrics_without_their_library_are_one_line_that_names_the_extra(
    simulator_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "user_stream.prometheus", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)

    result = invoke("run", "--rest-url", simulator_url, "--metrics-port", "0")

    assert_one_clear_line(result, "pip install 'binance-user-stream[prometheus]'")


def test_logs_are_one_json_object_a_line_when_asked_for(simulator_url: str) -> None:
    arguments = ("--log-format", "json", "--log-level", "info")
    with started("user_stream", "run", "--rest-url", simulator_url, *arguments) as process:
        read_until(process, "  live\n")
        process.terminate()
        _, errors = process.communicate(timeout=20)

    lines = [json.loads(line) for line in errors.splitlines()]
    assert lines
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    assert {line["logger"].partition(".")[0] for line in lines} == {"user_stream"}
