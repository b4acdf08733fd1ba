"""Lessons that are code: read and run in the terminal, on pages, in notebooks."""

from .running import Picture, Ran, run
from .source import Cell, Lesson, find, lessons
from .worksheet import worksheet

__all__ = ["Cell", "Lesson", "Picture", "Ran", "find", "lessons", "run", "worksheet"]
