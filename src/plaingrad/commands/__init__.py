"""The commands that learn: what, from which data, into which folder."""
