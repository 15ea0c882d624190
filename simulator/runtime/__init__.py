"""Sockets, clocks and tasks."""
