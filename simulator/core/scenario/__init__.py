"""Scenario files: what they say, and whether it came true."""
