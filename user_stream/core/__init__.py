"""Pure decisions: no clock, no socket, no task, no randomness, no log."""
