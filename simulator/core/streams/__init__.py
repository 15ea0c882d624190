"""What is told on streams, to whom, in which frames."""
