"""`python -m user_stream`: the command `user-stream`."""

from user_stream.cli import main

main(prog_name="user-stream")
