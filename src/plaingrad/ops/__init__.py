"""The alphabet: one record per operation, by family."""

from .choices import clip, equal, maximum, minimum, where, whole
from .elementwise import (
    absolute,
    cos,
    exp,
    expm1,
    floor,
    log,
    log1p,
    logaddexp,
    sigmoid,
    sign,
    sin,
    softplus,
    sqrt,
    square,
    tanh,
)
from .leaves import arange, leaf, literal, setting, size
from .linear import dot, matmul
from .pieces import concatenate, one_hot, stack
from .random import noise, shuffled, uniform
from .reduce import argmax, max, mean, min, sum
from .rows import log_softmax, softmax
from .shape import broadcast_to, expand_dims, reshape, swapaxes, transpose
from .window import pad_images, patches

__all__ = [
    "absolute",
    "arange",
    "argmax",
    "broadcast_to",
    "clip",
    "concatenate",
    "cos",
    "dot",
    "equal",
    "exp",
    "expand_dims",
    "expm1",
    "floor",
    "leaf",
    "literal",
    "log",
    "log1p",
    "log_softmax",
    "logaddexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "noise",
    "one_hot",
    "pad_images",
    "patches",
    "reshape",
    "setting",
    "shuffled",
    "sigmoid",
    "sign",
    "sin",
    "size",
    "softmax",
    "softplus",
    "sqrt",
    "square",
    "stack",
    "sum",
    "swapaxes",
    "tanh",
    "transpose",
    "uniform",
    "where",
    "whole",
]
