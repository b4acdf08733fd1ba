"""Samples that are read when they are needed: where from, how many at a time, ahead."""
