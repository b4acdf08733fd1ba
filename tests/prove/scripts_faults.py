"""Known mistakes, as changes of the right scripts in `scripts/`.

Each has the script, the right text, the wrong text, and the causes that name it.
"""

FAULTS = [
    # Grokking Deep Learning, chapter 5: outer_prod(input, delta)
    (
        "three_wins",
        "outer_prod(delta, input)",
        "outer_prod(input, delta)",
        "transposed",
    ),
    ("three_wins", "weight_deltas[i][j]", "weight_deltas[j][i]", "transposed"),
    ("one_weight", "weight - direction", "weight + direction", "sign"),
    ("many_inputs", "weights[i] -=", "weights[i] +=", "sign"),
    # its chapter 8: relu2deriv of ReLU's own output
    ("streetlights", "return output > 0", "return output >= 0", "mask"),
    ("streetlights", "weights_0_1 +=", "weights_0_1 -=", "sign"),
    ("streetlights", ".T) * relu2deriv(layer_1)", ".T)", "no_derivative"),
    ("eleven_lines", "nonlin(l1, deriv=True)", "nonlin(l2, deriv=True)", "place|layer"),
    ("eleven_lines", "y - l2", "l2 - y", "sign"),
    ("eleven_lines", "return x * (1 - x)", "return x * 1 - x", "formula"),
    # its chapter 9: softmax over a batch, tanh's derivative, dropout's factor
    (
        "digits_batches",
        "np.sum(temp, axis=1, keepdims=True)",
        "np.sum(temp)",
        "softmax_axis",
    ),
    ("digits_batches", "tanh2deriv(layer_1)", "tanh2deriv(hidden)", "place"),
    (
        "digits_batches",
        "dropout_mask * 2\n        layer_1_d",
        "dropout_mask\n        layer_1_d",
        "keep",
    ),
    ("digits_batches", "1 - output**2", "1 - output", "formula"),
    (
        "digits_dropout",
        "dropout_mask * 2\n        weights",
        "dropout_mask\n        weights",
        "keep",
    ),
    # its chapter 10
    ("convolution", "kernels +=", "kernels -=", "sign"),
    ("spiral_softmax", "[hidden_layer <= 0]", "[hidden_layer < 0]", "mask"),
    ("spiral_softmax", "W2) + b2", "W2) + b", "layer|variable"),
    ("spiral_softmax", "dW2 += reg * W2", "dW2 += reg * W2 * 9", "penalty"),
    (
        "layer_classes",
        "np.multiply(y, (1 - y))",
        "np.multiply(y, (1 + y))",
        "formula|sign",
    ),
    (
        "layer_classes",
        "np.sum(output_grad, axis=0)",
        "np.sum(output_grad)",
        "axis|unsummed",
    ),
    ("numeric_net", "/ (2 * h)", "/ 2 * h", "step"),
    ("two_layer_net", "z1 * (1.0 - z1) * da1", "a1 * (1.0 - a1) * da1", "place"),
    ("two_layer_net", "y.shape[0]", "y.shape(0)", "called_shape"),
    (
        "class_mse",
        "self.sigmoid(self.z2, deriv",
        "self.sigmoid(self.z, deriv",
        "place|layer",
    ),
    (
        "nielsen",
        "transpose(), delta) * sp",
        "transpose(), delta)",
        "unused|no_derivative",
    ),
    ("logistic", "(A - Y).T", "(Y - A).T", "sign"),
    ("logistic", "b = b - learning_rate", "b = b + learning_rate", "sign"),
    ("line_fit", "2 * (y - t) * x", "2 * (y - t) * t", "variable|layer"),
    ("momentum_dict", "(1 - h**2)", "(1 - h)", "formula|activation"),
    ("adam", "(z1 > 0)", "(z1 >= 0.5)", "mask|activation"),
    # what surrounds gradients
    (
        "layer_classes",
        "list(\n    zip(np.array_split(X_train, nb_of_batches), "
        "np.array_split(T_train, nb_of_batches))\n)",
        "zip(np.array_split(X_train, nb_of_batches), "
        "np.array_split(T_train, nb_of_batches))",
        "exhausted",
    ),
    ("nielsen", "list(zip(inputs, targets))", "zip(inputs, targets)", "unsized"),
    ("streetlights", "range(60)", "xrange(60)", "python2"),
    (
        "streetlights",
        'print("Error:" + str(layer_2_error))',
        'print "Error:", layer_2_error',
        "print",
    ),
    ("streetlights", "[i : i + 1]) ** 2)", "[i : i + 1])  2)", "power"),
    (
        "digits_batches",
        "correct_cnt / float(len(images))",
        "correct_cnt / float(len(test_images))",
        "miscounted",
    ),
    (
        "digits_batches",
        "range(int(len(images) / batch_size))",
        "range(len(images) / batch_size)",
        "float_count",
    ),
    # a loss by another name, and steps by a velocity
    (
        "momentum_batches",
        "2 * diff.mean(axis=0)",
        "2 * diff.mean(axis=0) * len(xb)",
        "batch",
    ),
    ("layers_dict", "np.power(A1, 2)", 'np.power(cache["Z1"], 2)', "activation|place"),
]
