"""Draws are uniform, and those of two keys have nothing to do with each other."""

import itertools

import numpy as np
import pytest
from scipy import stats

from plaingrad.ops import shuffled, uniform

COUNT = 1 << 16
KEYS = [(0, 0, 1), (0, 1, 1), (1, 0, 1), (0, 0, 2), (2, 3, 1), (12345, 678, 9)]
LEAST = 1e-6
"""The least likelihood that is believed: some hundred tests are made here."""


def independent(u, v):
    """Return how likely so uneven a joint histogram is when u and v are independent."""
    counts, _, _ = np.histogram2d(u, v, bins=16, range=[[0, 1], [0, 1]])
    return stats.chisquare(counts.ravel()).pvalue


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_draws_are_uniform(key):
    u = uniform(COUNT, *key)
    assert u.dtype == np.float32
    assert u.min() >= 0
    assert u.max() < 1
    assert stats.kstest(u, "uniform").pvalue > LEAST
    counts, _ = np.histogram(u, bins=256, range=(0, 1))
    assert stats.chisquare(counts).pvalue > LEAST
    assert abs(u.mean() - 1 / 2) < 5 * (1 / 12 / COUNT) ** 0.5
    assert abs(u.var() - 1 / 12) < 5 * (1 / 180 / COUNT) ** 0.5


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_neighbours_are_independent(key):
    u = uniform(COUNT, *key)
    for lag in (1, 2, 3, 8, 10, 64, 100, 256, 784):
        assert independent(u[:-lag], u[lag:]) > LEAST


@pytest.mark.parametrize("word", range(3), ids=["seed", "step", "place"])
def test_keys_that_differ_in_one_bit_are_independent(word):
    for base, bit in itertools.product(KEYS[:4], range(20)):
        other = list(base)
        other[word] ^= 1 << bit
        assert independent(uniform(COUNT, *base), uniform(COUNT, *other)) > LEAST


@pytest.mark.parametrize("word", range(3), ids=["seed", "step", "place"])
def test_one_position_is_uniform_over_the_keys(word):
    key = np.array([3, 5, 1])
    drawn = []
    for number in range(4096):
        key[word] = number
        drawn.append(uniform(4, *key.tolist()))
    for one in np.transpose(drawn):
        assert stats.kstest(one, "uniform").pvalue > LEAST
        counts, _, _ = np.histogram2d(one[:-1], one[1:], bins=8, range=[[0, 1]] * 2)
        assert stats.chisquare(counts.ravel()).pvalue > LEAST


def test_no_two_seeds_draw_the_same_numbers_in_another_order():
    draws = [np.sort(uniform(1024, seed, 0, 1)) for seed in range(64)]
    for a, b in itertools.combinations(draws, 2):
        assert np.isin(a, b).mean() < 0.01


def test_the_order_of_the_words_matters():
    assert not np.array_equal(uniform(8, 1, 2, 3), uniform(8, 2, 1, 3))


def hashed(x):
    """Hash one number with Python's integers."""
    x = (x ^ x >> 16) * 0x7FEB352D % 2**32
    x = (x ^ x >> 15) * 0x846CA68B % 2**32
    return x ^ x >> 16


def drawn_alone(position, *key):
    """Draw one number with Python's integers."""
    start = 0x9E3779B9
    for word in key:
        start = hashed(start ^ word)
    x = (start + position * (hashed(start) | 1)) % 2**32
    return (hashed(x) >> 8) / 2**24


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_draw_is_a_pure_function_of_position_and_key(key):
    expected = [drawn_alone(position, *key) for position in range(100)]
    np.testing.assert_array_equal(uniform(100, *key), expected)
    np.testing.assert_array_equal(uniform(10, *key), expected[:10])


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_a_shuffle_is_a_permutation_that_can_be_repeated(count):
    order = shuffled(count, 3, 4)
    np.testing.assert_array_equal(np.sort(order), np.arange(count))
    np.testing.assert_array_equal(order, shuffled(count, 3, 4))


def test_shuffles_differ_by_seed_and_epoch():
    orders = {
        tuple(shuffled(50, seed, epoch)) for seed in range(5) for epoch in range(5)
    }
    assert len(orders) == 25


def test_every_order_is_equally_likely():
    seen = [tuple(shuffled(3, 0, epoch)) for epoch in range(6000)]
    counts = np.unique(seen, axis=0, return_counts=True)[1]
    assert stats.chisquare(counts, [1000] * 6).pvalue > LEAST
