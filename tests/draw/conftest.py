import matplotlib
import pytest


@pytest.fixture(autouse=True)
def closed_figures():
    """Draw without a screen, and leave no figure open."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield
    for number in pyplot.get_fignums():
        pyplot.figure(number).canvas.draw()
    pyplot.close("all")


@pytest.fixture
def small():
    """An Axes of the user's own, in a crowded figure."""
    from matplotlib import pyplot

    return pyplot.figure(figsize=(8, 6)).subplots(2, 3)[0, 0]
