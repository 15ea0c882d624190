"""The command says one clear line when it cannot, ends when it is told to, and its exit code is the outcome."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulator.cli import main

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "scenarios"
PASSING = "steps: [{at: 10ms, do: {set_price: {symbol: BTCUSDT, price: 64000}}}]\nsettle: 0s\n"
FAILING = "name: f\ntimeout: 10ms\nexpect: [{position: {symbol: BTCUSDT, amount: 1}}]\n"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("path", ["BTCUSDT", "BTCUSDT=jump", "NONEUSDT=walk", "BTCUSDT=file:nothing.csv"])
def test_a_path_that_is_none_ends_the_command_with_one_line(path: str) -> None:
    result = invoke("serve", "--port", "0", "--path", path)

    assert result.exit_code != 0
    assert "path" in result.output.splitlines()[-1]


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command as its users do: in a process of its own."""
    command = [sys.executable, "-m", "simulator", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603  our own
    with process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(pattern, line)
        if found:
            return found
    pytest.fail(f"no line like {pattern}: {process.stderr and process.stderr.read()}")


def greeting(folder: Path, *options: str) -> str:
    """Return what an exchange prints that ends with a short scenario, in this process."""
    file = folder / "short.yaml"
    file.write_text(PASSING)
    result = invoke("serve", "--port", "0", "--scenario", str(file), *options)
    assert result.exit_code == 0
    return result.stdout


# --- check --------------------------------------------------------------------------------------------------------


def test_check_passes_every_example() -> None:
    result = invoke("check", *map(str, SCENARIOS.iterdir()))

    assert result.exit_code == 0
    assert result.stdout.count(": ok\n") == len(list(SCENARIOS.iterdir()))


def test_check_names_the_mistakes_of_every_file(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("steps: [{at: 5, do: cut_connections}]")
    second.write_text("stepz: []")

    result = invoke("check", str(first), str(second), str(tmp_path / "none.yaml"))

    assert result.exit_code == 1
    assert [line.removeprefix(f"{tmp_path}/") for line in result.stderr.splitlines()] == [
        'a.yaml:1: steps[0].at: expected a duration with its unit, such as 250ms, 5s, 90m or 1h, got "5"',
        "b.yaml:1: stepz: unknown field: did you mean steps?",
        "none.yaml: cannot be read: No such file or directory",
    ]


# --- serve --------------------------------------------------------------------------------------------------------


def test_serve_is_as_real_as_it_can_be_says_how_and_where_and_stops_cleanly_on_ctrl_c() -> None:
    with running("serve", "--port", "0", "--account", "alice:250.5", "--symbols", "3", "--verbose") as process:
        url = first_line(process, r"REST +(http://127\.0\.0\.1:\d+)")[1]
        assert first_line(process, r"ws-api +(ws://127\.0\.0\.1:\d+/ws-fapi/v1)")
        assert first_line(process, r"account +(\w+): (.*)").groups() == ("default", "10000 USDT")
        assert len(first_line(process, r"key +(\w+)")[1]) == 64
        assert first_line(process, r"account +(\w+): (.*)").groups() == ("alice", "250.5 USDT")
        first_line(process, r"^profile default, a book per symbol, limits enforced; \d+ symbols\. Ctrl-C stops")
        with urllib.request.urlopen(f"{url}/fapi/v1/exchangeInfo", timeout=10) as response:  # noqa: S310  our own URL
            symbols = [row["symbol"] for row in json.load(response)["symbols"]]
        first_line(process, r"request .*GET /fapi/v1/exchangeInfo")

        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)

    assert {"BTCUSDT", "SIM0003USDT"} <= set(symbols)
    assert (process.returncode, errors) == (0, "")


def test_serve_stops_cleanly_however_often_ctrl_c_is_pressed() -> None:
    with running("serve", "--port", "0") as process:
        port = int(first_line(process, r"REST +http://127\.0\.0\.1:(\d+)")[1])
        first_line(process, r"Ctrl-C stops")
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /private/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
            client.sendall(b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 101 ")

            while process.returncode is None:
                process.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=0.002)
            _, errors = process.communicate(timeout=10)

    assert (process.returncode, errors) == (0, "")


def test_serve_takes_the_public_key_by_which_the_default_account_signs(tmp_path: Path) -> None:
    path = tmp_path / "public.pem"
    public = Ed25519PrivateKey.generate().public_key()
    path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    assert re.search("secret +none, it signs with its private key", greeting(tmp_path, "--public-key", str(path)))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "holds no PEM text (-----BEGIN PUBLIC KEY-----)"),
        ("-----BEGIN PRIVATE KEY-----", "Error: the public key of account 'default': it is not the PEM text of an RSA"),
    ],
)
def test_serve_refuses_a_file_without_a_public_key_in_one_line(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "public.pem"
    path.write_text(text)

    result = invoke("serve", "--port", "0", "--public-key", str(path))

    assert result.exit_code == 1
    assert line in result.stderr.splitlines()[-1]


def test_serve_takes_a_profile_a_market_limits_and_tls(tmp_path: Path) -> None:
    told = greeting(tmp_path, "--profile", "strict", "--market", "book", "--rate-limits", "counted", "--tls")

    assert re.search(r"^REST +https://127\.0\.0\.1:\d+ ", told, re.MULTILINE)
    assert re.search(r"^trust +\S+\.\w+, which is gone after the stop", told, re.MULTILINE)
    assert re.search(r"^profile strict, a book per symbol, limits counted; ", told, re.MULTILINE)


def test_serve_plays_a_scenario_at_one_price(tmp_path: Path) -> None:
    assert "one price per symbol" in greeting(tmp_path)


def test_serve_says_in_one_line_that_the_port_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = invoke("serve", "--port", str(taken.getsockname()[1]))

    assert result.exit_code == 1
    assert re.fullmatch(r"Error: port \d+ on 127\.0\.0\.1 is in use: .*\n", result.stderr)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--account", "alice"], "Error: --account 'alice' is not NAME:BALANCE, such as alice:10000"),
        (["--account", "alice:much"], "Error: --account 'alice:much' is not NAME:BALANCE, such as alice:10000"),
        (["--account", "default:1"], "--account default: there is an account of this name already: give another"),
        (["--scenario", "none.yaml"], "none.yaml: cannot be read: No such file or directory"),
        (["--public-key", "none.pem"], "Error: none.pem: No such file or directory"),
        (["--accounts", "none.json"], "Error: none.json: No such file or directory"),
        (["--profile", "moonnet"], "'moonnet' is not one of 'default', 'production', 'testnet', 'strict'."),
        (["--port", "70000"], "70000 is not in the range 0<=x<=65535"),
        (["--host", "192.0.2.1"], "Error: cannot listen on 192.0.2.1, port 0: "),
    ],
)
def test_serve_refuses_what_cannot_be_in_one_line(arguments: list[str], line: str) -> None:
    result = invoke("serve", "--port", "0", *arguments)

    assert result.exit_code != 0
    assert line in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.output


def test_serve_refuses_a_scenario_about_an_unknown_symbol(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("steps:\n  - at: 1s\n    do: {set_price: {symbol: BTCUSD, price: 1}}")

    result = invoke("serve", "--port", "0", "--scenario", str(file))

    assert result.exit_code == 1
    assert result.stderr == (
        f'Error: {file}:3: steps[0].do.set_price.symbol: unknown symbol "BTCUSD": did you mean BTCUSDT?\n'
    )


def test_serve_with_a_scenario_ends_with_its_outcome(tmp_path: Path) -> None:
    passing, failing = tmp_path / "p.yaml", tmp_path / "f.yaml"
    passing.write_text(PASSING)
    failing.write_text(FAILING)

    passed = invoke("serve", "--port", "0", "--scenario", str(passing))
    failed = invoke("serve", "--port", "0", "--scenario", str(failing))

    assert passed.exit_code == 0
    assert re.search(r"^scenario 'p' passed in [\d.]+ s$", passed.stdout, re.MULTILINE)
    assert failed.exit_code == 1
    assert f"  {failing}:3: expect[0].position: expected BTCUSDT position 1, saw 0 at 0\n" in failed.stderr


def test_serve_warns_beyond_loopback(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(PASSING)

    result = invoke("serve", "--port", "0", "--host", "0.0.0.0", "--scenario", str(file))  # noqa: S104  what is tested

    assert result.exit_code == 0
    assert "warning: listening on 0.0.0.0" in result.stderr


# --- run ----------------------------------------------------------------------------------------------------------

ASKING = """
import json, os, urllib.request
print(sorted(name for name in os.environ if name.startswith("SIMULATOR_")))
urllib.request.urlopen(os.environ["SIMULATOR_REST_URL"] + "/fapi/v1/ping")
"""


def run(file: Path, program: str) -> Result:
    return invoke("run", str(file), sys.executable, "-c", program)


def test_run_gives_the_client_its_exchange_and_passes_with_the_scenario(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ping.yaml"
    file.write_text("settle: 0s\ntimeout: 20s\nexpect: [{requests: {request: GET /fapi/v1/ping, count: 1}}]")

    result = run(file, ASKING + "import time; time.sleep(30)")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "SIMULATOR_API_KEY" in capfd.readouterr().out
    assert "scenario 'ping' passed" in result.stdout


def test_run_judges_as_it_stands_when_the_client_ends(tmp_path: Path) -> None:
    file = tmp_path / "ping.yaml"
    file.write_text("expect: [{requests: {request: GET /fapi/v1/ping, count: 2}}]")

    result = run(file, ASKING)

    assert result.exit_code == 1
    assert "expected 2 requests GET /fapi/v1/ping, saw 1" in result.stderr


def test_run_fails_with_its_client(tmp_path: Path) -> None:
    file = tmp_path / "ping.yaml"
    file.write_text("expect: [{requests: {request: GET /fapi/v1/ping, count: 1}}]")

    result = run(file, ASKING + "raise SystemExit(3)")

    assert result.exit_code == 1
    assert "the client failed with exit code 3" in result.stderr


def test_run_says_in_one_line_that_there_is_no_such_client(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(PASSING)

    result = invoke("run", str(file), "no-such-command")

    assert (result.exit_code, result.stderr) == (1, "Error: no-such-command: No such file or directory\n")


def test_run_ends_cleanly_when_ctrl_c_has_ended_its_client_too(tmp_path: Path) -> None:
    file = tmp_path / "minute.yaml"
    file.write_text("steps: [{at: 60s, do: cut_connections}]")
    command = [sys.executable, "-m", "simulator", "run", str(file), "sh", "-c", "echo up; exec sleep 60"]
    with subprocess.Popen(  # noqa: S603  our own
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        first_line(process, "up")

        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=10)

    assert process.returncode == 1
    assert "the run ended before its time, 60s" in errors
    assert not re.search("Traceback|Unknown child", errors)


@pytest.mark.parametrize(("pace", "shown"), [("frozen", ("frozen", 1.0)), ("60x", ("running", 60.0))])
def test_serve_lets_time_pass_as_it_is_told(pace: str, shown: tuple[str, float]) -> None:
    with running("serve", "--port", "0", "--clock", pace) as process:
        url = first_line(process, r"REST +(http://\S+)")[1]
        with urllib.request.urlopen(f"{url}/sim/clock", timeout=10) as answer:  # noqa: S310  loopback
            clock = json.load(answer)

    assert (clock["mode"], clock["scale"]) == shown


@pytest.mark.parametrize("pace", ["fast", "0x", "-1", "nan", "1e9x"])
def test_serve_refuses_a_pace_that_is_none(pace: str) -> None:
    result = invoke("serve", "--port", "0", "--clock", pace)

    assert result.exit_code == 2
    assert "expected" in result.output.splitlines()[-1]
