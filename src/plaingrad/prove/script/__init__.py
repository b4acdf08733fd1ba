"""Checks of whole training scripts: what goes downhill, and what is wrong."""
