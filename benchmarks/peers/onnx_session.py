"""onnxruntime, on an ONNX graph written by hand; it predicts and does not train."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from .. import layers
from ..data import Task
from ..layers import walk
from ..workloads import Workload
from . import PLAIN, Runner, Unsupported

Array = np.ndarray[Any, Any]
OPSET, IR = 21, 10
ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}
BOUND = "bound"


def variants(workload: Workload) -> Sequence[str]:
    """Return `run`, and a run with input and output bound beforehand.

    Raises
    ------
    Unsupported
        When the workload is a training.
    """
    if workload.trains:
        raise Unsupported("inference only")
    return (*PLAIN, BOUND)


def setup(task: Task, variant: str) -> Runner:
    """Return a network that predicts."""
    return Prediction(task, variant == BOUND)


class Graph:
    """The nodes and the weights of an ONNX graph, in the order of their use."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.last = "x"

    def weight(self, value: Array) -> str:
        """Keep a weight and return its name."""
        name = f"w{len(self.weights)}"
        held = np.ascontiguousarray(value)
        self.weights.append(numpy_helper.from_array(held, name))
        return name

    def apply(self, kind: str, *others: str, **settings: Any) -> None:
        """Add an operation on what was last."""
        name = f"v{len(self.nodes)}"
        inputs = [self.last, *others]
        self.nodes.append(helper.make_node(kind, inputs, [name], **settings))
        self.last = name


def model(task: Task) -> bytes:
    """Return the network as an ONNX model, from samples to their classes."""
    graph, held = Graph(), iter(task.weights)
    # ONNX has channels first, and our rows have them last
    image = None
    for spec, before, _ in walk(task.workload.network, task.workload.features):
        match spec:
            case layers.Dense(units, bias):
                W = next(held)
                if image is not None:
                    W = W.reshape(*image, units).transpose(2, 0, 1, 3)
                    W, image = W.reshape(-1, units), None
                biases = [graph.weight(next(held))] if bias else []
                graph.apply("Gemm", graph.weight(W), *biases)
            case layers.Conv(_, kernel):
                W, b = next(held).transpose(3, 2, 0, 1), next(held)
                graph.apply(
                    "Conv",
                    graph.weight(W),
                    graph.weight(b),
                    kernel_shape=[kernel, kernel],
                    pads=[spec.margin] * 4,
                )
            case layers.Pool(size):
                pair = [size, size]
                graph.apply("MaxPool", kernel_shape=pair, strides=pair)
            case layers.Activation(kind):
                graph.apply(ACTIVATIONS[kind])
            case layers.Flatten():
                graph.apply("Flatten")
                image = before
    graph.apply("ArgMax", axis=1, keepdims=0)
    shape = channels_first(task.X).shape
    made = helper.make_graph(
        graph.nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(graph.last, TensorProto.INT64, shape[:1])],
        graph.weights,
    )
    opset = [helper.make_opsetid("", OPSET)]
    whole = helper.make_model(made, opset_imports=opset, ir_version=IR)
    onnx.checker.check_model(whole)
    return whole.SerializeToString()  # type: ignore[no-any-return]


def channels_first(X: Array) -> Array:
    """Return samples as ONNX takes them."""
    return np.ascontiguousarray(X.transpose(0, 3, 1, 2)) if X.ndim == 4 else X


class Prediction:
    """The class of each row."""

    def __init__(self, task: Task, bound: bool) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = task.threads
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            model(task), options, providers=["CPUExecutionProvider"]
        )
        self.X, self.binding = channels_first(task.X), None
        self.output = self.session.get_outputs()[0].name
        if bound:
            self.binding = self.session.io_binding()
            self.binding.bind_cpu_input("x", self.X)
            self.binding.bind_output(self.output)

    def run(self, epochs: int) -> tuple[list[float], float]:
        """Predict the classes of all rows."""
        session, binding = self.session, self.binding
        names, feeds = [self.output], {"x": self.X}
        began = time.perf_counter()
        if binding is None:
            for _ in range(epochs):
                (found,) = session.run(names, feeds)
        else:
            for _ in range(epochs):
                session.run_with_iobinding(binding)
        seconds = time.perf_counter() - began
        if binding is not None:
            (found,) = binding.copy_outputs_to_cpu()
        return found.tolist(), seconds
