"""Objects remember how they were written."""

import copy
import pickle

import numpy as np
import pytest

import plaingrad as pg
from plaingrad.remember import Remembered


class Thing(Remembered):
    def __init__(self, first, *more, width=3, **others):
        self.first = first


def test_arguments_are_those_that_were_given():
    thing = Thing(1, 2, 3, width=4, depth=5)
    assert thing.arguments == {
        "first": 1,
        "more": (2, 3),
        "width": 4,
        "others": {"depth": 5},
    }
    assert Thing(1).arguments == {"first": 1}
    assert repr(thing) == "Thing(1, 2, 3, width=4, depth=5)"


def test_an_object_is_made_again_from_its_arguments():
    thing = Thing(1, 2, 3, width=4, depth=5)
    assert Thing.remade(thing.arguments) == thing
    assert Thing.remade({"first": 7}).first == 7


def test_an_argument_that_does_not_exist_is_refused():
    with pytest.raises(TypeError, match="Linear has no argument 'width'"):
        pg.Linear.remade({"width": 3})
    with pytest.raises(TypeError, match=r"keyword argument 'optmizer'\.$"):
        pg.Linear(3, optmizer=1)
    with pytest.raises(TypeError, match=r"'bias_'\. Did you mean 'bias'\?"):
        pg.Linear(3, bias_=False)


def test_equal_arguments_make_equal_objects():
    assert Thing(1) == Thing(1)
    assert Thing(1) != Thing(2)
    assert Thing(1) != Thing(1, width=3)
    assert Thing(np.arange(3)) == Thing(np.arange(3))
    assert Thing(np.arange(3)) != Thing(np.arange(4))
    assert len({pg.Adam(0.1), pg.Adam(0.1), pg.Adam(0.2)}) == 2
    assert pg.Adam(0.1) != "Adam(0.1)"


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_objects_can_be_copied_though_their_constructors_take_arguments(duplicate):
    adam = duplicate(pg.Adam(pg.StepDecay(0.1, every=3)))
    assert adam == pg.Adam(pg.StepDecay(0.1, every=3))
    layer = duplicate(pg.Linear(3, init=pg.Normal(0.1)))
    assert repr(layer) == "Linear(3, init=Normal(0.1))"
    assert layer.units == 3
