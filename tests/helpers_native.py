"""Procedures as native functions of a chosen design, for a chosen target."""

from contextlib import contextmanager

import numpy as np
import pytest

from plaingrad.native.assemble import Assembly
from plaingrad.native.cached import Function
from plaingrad.native.compile import build
from plaingrad.native.design import design
from plaingrad.native.facts import Facts, results_of
from plaingrad.native.table import Table
from plaingrad.native.target import host
from plaingrad.plan import Goal, plan


def function(procedure, dtype, capacity=None, loss=None, target=None, **choice):
    """Return a native function, compiled anew; `choice` fixes lanes, tile or shards."""
    target = target or host()
    results_of(procedure)
    made = Assembly(
        design(procedure, dtype, target, capacity=capacity, loss=loss, **choice)
    )
    facts = Facts.of(made, procedure, dtype, direct=False)
    return Function.linked(build(made.text(), target), facts)


@contextmanager
def chosen(**choice):
    """Let all engines made in this block have functions of such a design."""

    def made(procedure, dtype, capacity, loss=None):
        return function(procedure, dtype, capacity, loss, **choice)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("plaingrad.native.engine.function", made)
        yield


def evaluate(outputs, values, dtype="float64", count=1, threads=None, **choice):
    """Return the values of nodes, computed natively from arrays by name.

    Each must be a number, or have one row for each of `count` samples.
    """
    procedure = plan([Goal(node, "forward") for node in outputs], {}, outputs)
    made = function(procedure, dtype, **choice)
    facts = made.facts
    stored, data = dict(facts.constants()), {}
    for name, leaf in procedure.inputs.items():
        if leaf.kind != "number":
            array = np.ascontiguousarray(values[name], dtype=facts.type(leaf.kind))
            (data if name in facts.data else stored)[name] = array
    return _called(Table(made, stored), data, values, count, threads)


def _called(table, data, values, count, threads):
    """Return what a function gives for so many samples."""
    facts = table.function.facts
    table.bind(data)
    table.settle({name: values[name] for name in facts.numbers if name in values})
    rows = {
        name: np.full((count, *shape), 77).astype(facts.type(kind))
        for name, kind, shape in facts.results
        if shape is not None
    }
    for name, array in rows.items():
        table.point(f"out {name}", array)
    table.resize(count)
    table.run(count, threads)
    numbers = zip(facts.results, table.numbers(), strict=False)
    return [rows.get(name, number) for (name, _, _), number in numbers]


def agree(make, X, y, **more):
    """Train by both engines in float64 and compare losses and parameters."""
    found = []
    for engine in ("reference", "native"):
        net = make()
        net.fit(X, y, **{"dtype": "float64", "epochs": 2, "engine": engine, **more})
        assert net.history.engine == engine
        found.append((net.history.batch_loss, net.params))
    (losses, params), (others, values) = found
    np.testing.assert_allclose(others, losses, rtol=1e-9, atol=1e-12)
    for name, value in params.items():
        scale = np.abs(value).max(initial=1e-3)
        np.testing.assert_allclose(values[name], value, atol=1e-8 * scale, rtol=0)
