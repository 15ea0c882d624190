"""`simulator serve --tls` says which file to trust, and whoever trusts it is answered until the end."""

from __future__ import annotations

import signal
from pathlib import Path

import requests

from tests.simulator.test_cli import first_line, running


def test_who_trusts_the_file_that_is_printed_is_answered_and_the_file_goes_with_the_exchange() -> None:
    with running("serve", "--tls", "--port", "0") as process:
        rest = first_line(process, r"REST +(https://\S+)")[1]
        file = Path(first_line(process, r"trust +([^\s,]+)")[1])
        answer = requests.get(f"{rest}/fapi/v1/ping", verify=str(file), timeout=10)
        process.send_signal(signal.SIGINT)
        code = process.wait(10)

    assert (answer.status_code, answer.json()) == (200, {})
    assert code == 0
    assert not file.exists()
