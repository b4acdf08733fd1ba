"""Readings of a program as text for people."""
