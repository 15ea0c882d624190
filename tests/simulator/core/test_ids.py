"""Identifiers look random and are functions of a seed."""

from __future__ import annotations

from simulator.core.ids import identifier


def test_an_identifier_is_a_function_of_its_parts() -> None:
    assert identifier(64, 0, "default", 1) == identifier(64, 0, "default", 1)
    assert identifier(64, 0, "default", 1) != identifier(64, 1, "default", 1)


def test_an_identifier_is_made_of_letters_and_digits_only() -> None:
    text = identifier(64, "seed")

    assert len(text) == 64
    assert text.isascii()
    assert text.isalnum()


def test_parts_are_kept_apart() -> None:
    assert identifier(22, "ab", "c") != identifier(22, "a", "bc")
