"""Where keys come from, and that no message gives them away."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator import AccountSpec
from user_stream.credentials import CredentialsError, credentials_from_file, credentials_from_variables

KEY = "K" * 64
SECRET = "S" * 64


def keys_file(folder: Path, text: str, *, mode: int = 0o600) -> Path:
    path = folder / "keys.env"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("environment", "prefix"),
    [("mainnet", "BINANCE"), ("testnet", "BINANCE_TESTNET"), ("simulator", "BINANCE_SIMULATOR")],
)
def test_each_environment_reads_its_own_two_names(environment: str, prefix: str) -> None:
    credentials = credentials_from_variables(
        environment, {f"{prefix}_API_KEY": f"{KEY}\n", f"{prefix}_API_SECRET": f" {SECRET}"}
    )

    assert (credentials.api_key, credentials.api_secret) == (KEY, SECRET)


def test_the_key_of_one_environment_is_never_taken_for_another() -> None:
    of_the_testnet = {"BINANCE_TESTNET_API_KEY": KEY, "BINANCE_TESTNET_API_SECRET": SECRET}

    with pytest.raises(
        CredentialsError, match=r"missing in the environment: BINANCE_API_KEY, BINANCE_API_SECRET \(to be set"
    ):
        credentials_from_variables("mainnet", of_the_testnet)
    assert credentials_from_variables("simulator", of_the_testnet).api_key != KEY


def test_the_simulator_needs_no_keys_because_its_default_account_is_documented() -> None:
    credentials = credentials_from_variables("simulator", {})

    assert credentials.api_key == AccountSpec().api_key
    assert credentials.api_secret == AccountSpec().api_secret


@pytest.mark.parametrize("environment", ["mainnet", "testnet", "simulator"])
def test_half_a_pair_names_the_other_half_and_quotes_nothing(environment: str) -> None:
    prefix = {"mainnet": "BINANCE", "testnet": "BINANCE_TESTNET", "simulator": "BINANCE_SIMULATOR"}[environment]

    with pytest.raises(CredentialsError, match=rf"^missing in the environment: {prefix}_API_SECRET \(") as error:
        credentials_from_variables(environment, {f"{prefix}_API_KEY": KEY})

    assert KEY not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("broken", ["two words", "line\nbreak", "clé"])
def test_a_value_that_can_be_no_key_is_refused_unquoted(broken: str) -> None:
    with pytest.raises(CredentialsError, match="BINANCE_API_KEY has characters that no key has") as error:
        credentials_from_variables("mainnet", {"BINANCE_API_KEY": broken, "BINANCE_API_SECRET": SECRET})

    assert broken not in str(error.value)


def test_neither_key_nor_secret_shows_in_repr() -> None:
    credentials = credentials_from_variables("mainnet", {"BINANCE_API_KEY": KEY, "BINANCE_API_SECRET": SECRET})

    assert repr(credentials) == "Credentials()"


def test_a_file_of_name_value_lines_is_read_past_comments_and_blank_lines(tmp_path: Path) -> None:
    path = keys_file(tmp_path, f"# mine\n\nBINANCE_API_KEY = {KEY}\n  # more\nBINANCE_API_SECRET={SECRET}\n")

    credentials = credentials_from_file("mainnet", path)

    assert (credentials.api_key, credentials.api_secret) == (KEY, SECRET)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused_with_the_command_that_helps(tmp_path: Path, mode: int) -> None:
    path = keys_file(tmp_path, f"BINANCE_API_KEY={KEY}\nBINANCE_API_SECRET={SECRET}\n", mode=mode)

    with pytest.raises(CredentialsError, match=rf"run `chmod 600 {path}`"):
        credentials_from_file("mainnet", path)


def test_a_line_that_is_no_assignment_is_named_by_its_number_and_not_quoted(tmp_path: Path) -> None:
    path = keys_file(tmp_path, f"# keys\n{SECRET}\n")

    with pytest.raises(CredentialsError, match=r"keys\.env:2: expected NAME=VALUE") as error:
        credentials_from_file("mainnet", path)

    assert SECRET not in str(error.value)


def test_a_file_that_lacks_a_name_is_told_which(tmp_path: Path) -> None:
    path = keys_file(tmp_path, f"BINANCE_API_KEY={KEY}\nBINANCE_API_SECRET=\n")

    with pytest.raises(CredentialsError, match=rf"missing in {path}: BINANCE_API_SECRET \("):
        credentials_from_file("mainnet", path)


def test_a_file_that_is_not_there_or_not_text_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"absent\.env cannot be read: No such file or directory"):
        credentials_from_file("mainnet", tmp_path / "absent.env")
    binary = keys_file(tmp_path, "")
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CredentialsError, match="is not text"):
        credentials_from_file("mainnet", binary)
