"""Where keys come from, and that no message gives them away."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from simulator import AccountSpec
from user_stream.core.private_keys import open_private_key
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


# --- private keys -------------------------------------------------------------------------------------------------

PRIVATE = ed25519.Ed25519PrivateKey.generate()
LOCK = BestAvailableEncryption(b"open sesame")


def pem(
    key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey = PRIVATE,
    lock: KeySerializationEncryption | None = None,
) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock or NoEncryption()).decode()


def key_file(folder: Path, text: str | None = None, *, mode: int = 0o600) -> Path:
    path = folder / "private.pem"
    path.write_text(pem() if text is None else text)
    path.chmod(mode)
    return path


def signs(api_secret: str) -> bool:
    return open_private_key(api_secret)(b"text") == PRIVATE.sign(b"text")


@pytest.mark.parametrize(
    ("environment", "prefix"),
    [("mainnet", "BINANCE"), ("testnet", "BINANCE_TESTNET"), ("simulator", "BINANCE_SIMULATOR")],
)
def test_a_private_key_is_read_from_the_file_that_a_variable_names(
    tmp_path: Path, environment: str, prefix: str
) -> None:
    variables = {f"{prefix}_API_KEY": KEY, f"{prefix}_PRIVATE_KEY_FILE": str(key_file(tmp_path))}

    credentials = credentials_from_variables(environment, variables)

    assert credentials.api_key == KEY
    assert signs(credentials.api_secret)
    assert repr(credentials) == "Credentials()"


def test_a_path_in_a_keys_file_starts_at_its_folder(tmp_path: Path) -> None:
    key_file(tmp_path)
    path = keys_file(tmp_path, f"BINANCE_API_KEY={KEY}\nBINANCE_PRIVATE_KEY_FILE=private.pem\n")

    assert signs(credentials_from_file("mainnet", path).api_secret)


def test_a_private_key_that_the_caller_names_replaces_what_is_set(tmp_path: Path) -> None:
    variables = {"BINANCE_API_KEY": KEY, "BINANCE_API_SECRET": SECRET, "BINANCE_PRIVATE_KEY_FILE": "/absent"}

    assert signs(credentials_from_variables("mainnet", variables, private_key=key_file(tmp_path)).api_secret)


def test_the_documented_account_of_the_simulator_may_have_a_private_key(tmp_path: Path) -> None:
    credentials = credentials_from_variables("simulator", {}, private_key=key_file(tmp_path))

    assert credentials.api_key == AccountSpec().api_key
    assert signs(credentials.api_secret)


@pytest.mark.parametrize("text", [pem(), pem().replace("\n", "\\n")], ids=["lines", "line ends written out"])
def test_the_text_of_a_private_key_may_stand_where_a_secret_would(text: str) -> None:
    assert signs(credentials_from_variables("mainnet", {"BINANCE_API_KEY": KEY, "BINANCE_API_SECRET": text}).api_secret)


def test_an_encrypted_private_key_is_opened_with_the_passphrase_beside_it(tmp_path: Path) -> None:
    variables = {
        "BINANCE_API_KEY": KEY,
        "BINANCE_PRIVATE_KEY_FILE": str(key_file(tmp_path, pem(lock=LOCK))),
        "BINANCE_PRIVATE_KEY_PASSPHRASE": "open sesame",
    }

    assert signs(credentials_from_variables("mainnet", variables).api_secret)
    with pytest.raises(
        CredentialsError, match=r"private\.pem: the private key cannot be opened: the passphrase"
    ) as one:
        credentials_from_variables("mainnet", variables | {"BINANCE_PRIVATE_KEY_PASSPHRASE": "guessed"})
    assert "guessed" not in str(one.value)
    del variables["BINANCE_PRIVATE_KEY_PASSPHRASE"]
    with pytest.raises(CredentialsError, match=r"private\.pem: the private key is encrypted: give its passphrase"):
        credentials_from_variables("mainnet", variables)


def test_a_secret_and_a_private_key_are_one_too_many(tmp_path: Path) -> None:
    variables = {
        "BINANCE_API_KEY": KEY,
        "BINANCE_API_SECRET": SECRET,
        "BINANCE_PRIVATE_KEY_FILE": str(key_file(tmp_path)),
    }

    with pytest.raises(
        CredentialsError, match=r"^both BINANCE_API_SECRET and BINANCE_PRIVATE_KEY_FILE in the environment: an account"
    ):
        credentials_from_variables("mainnet", variables)


def test_a_private_key_without_its_api_key_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"^missing in the environment: BINANCE_API_KEY \("):
        credentials_from_variables("mainnet", {}, private_key=key_file(tmp_path))


def test_a_private_key_that_others_can_read_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    path = key_file(tmp_path, mode=0o640)

    with pytest.raises(CredentialsError, match=rf"the private key file {path} is open .* run `chmod 600 {path}`"):
        credentials_from_variables("mainnet", {"BINANCE_API_KEY": KEY}, private_key=path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SECRET, "holds no PEM text"),
        ("", "holds no PEM text"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "neither RSA nor Ed25519"),
        (pem().replace("PRIVATE", "PUBLIC"), "public half"),
    ],
)
def test_a_file_without_a_usable_private_key_is_named_and_not_quoted(tmp_path: Path, text: str, reason: str) -> None:
    path = key_file(tmp_path, text)

    with pytest.raises(CredentialsError, match=rf"{path}.* {reason}") as refused:
        credentials_from_variables("mainnet", {"BINANCE_API_KEY": KEY}, private_key=path)

    assert not any(line in str(refused.value) for line in text.splitlines() if line)


def test_a_private_key_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"the private key file .*absent\.pem cannot be read: No such file"):
        credentials_from_variables("mainnet", {"BINANCE_API_KEY": KEY}, private_key=tmp_path / "absent.pem")
