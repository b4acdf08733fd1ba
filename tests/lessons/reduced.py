"""Settings with which the tests run long lessons, by the name of the lesson."""

REDUCED: dict[str, dict[str, object]] = {}
