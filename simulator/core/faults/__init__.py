"""What may go wrong with a request or a frame on purpose."""
