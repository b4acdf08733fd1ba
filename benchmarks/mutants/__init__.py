"""Broken networks with a known cause, to measure how well `check` names it."""
