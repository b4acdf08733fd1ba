"""Lessons that are code: read and run in the terminal, on pages, in notebooks."""

from .running import Picture, Ran, run
from .sheets import worksheet
from .source import Cell, Lesson, find, lessons

__all__ = ["Cell", "Lesson", "Picture", "Ran", "find", "lessons", "run", "worksheet"]
