"""How orders enter, rest, match, change and end."""
