"""Benchmarks: a catalogue of any size, the same queries against several servers, and attackers beside them."""
