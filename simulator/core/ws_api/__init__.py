"""Requests over a WebSocket."""
