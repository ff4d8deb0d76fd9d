"""Benchmarks: a catalogue of any size, the same queries against several servers, attackers beside."""
