"""The library shown at work: an engine, a local exchange, and everything that goes wrong between them.

Apart from tests, the only place where the client and the simulator meet.
"""
