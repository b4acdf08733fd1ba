import numpy as np
from sklearn.datasets import load_digits

np.random.seed(1)
x, y = load_digits(return_X_y=True)
images = x[:64] / 16.0
labels = np.eye(10)[y[:64]]


def tanh(x):
    return np.tanh(x)


def tanh2deriv(output):
    return 1 - output**2


def softmax(x):
    temp = np.exp(x)
    return temp / np.sum(temp, axis=1, keepdims=True)


def get_image_section(layer, row_from, row_to, col_from, col_to):
    section = layer[:, row_from:row_to, col_from:col_to]
    return section.reshape(-1, 1, row_to - row_from, col_to - col_from)


alpha, iterations = 0.2, 3
input_rows, input_cols, kernel_rows, kernel_cols, num_kernels = 8, 8, 3, 3, 4
batch_size, num_labels = 16, 10
hidden_size = (input_rows - kernel_rows) * (input_cols - kernel_cols) * num_kernels
kernels = 0.02 * np.random.random((kernel_rows * kernel_cols, num_kernels)) - 0.01
weights_1_2 = 0.2 * np.random.random((hidden_size, num_labels)) - 0.1
for j in range(iterations):
    correct_cnt = 0
    for i in range(int(len(images) / batch_size)):
        batch_start, batch_end = ((i * batch_size), ((i + 1) * batch_size))
        layer_0 = images[batch_start:batch_end]
        layer_0 = layer_0.reshape(layer_0.shape[0], 8, 8)
        sects = list()
        for row_start in range(layer_0.shape[1] - kernel_rows):
            for col_start in range(layer_0.shape[2] - kernel_cols):
                sect = get_image_section(
                    layer_0, row_start, row_start + kernel_rows,
                    col_start, col_start + kernel_cols,
                )
                sects.append(sect)
        expanded_input = np.concatenate(sects, axis=1)
        es = expanded_input.shape
        flattened_input = expanded_input.reshape(es[0] * es[1], -1)
        kernel_output = flattened_input.dot(kernels)
        layer_1 = tanh(kernel_output.reshape(es[0], -1))
        layer_2 = softmax(np.dot(layer_1, weights_1_2))
        for k in range(batch_size):
            labelset = labels[batch_start + k : batch_start + k + 1]
            correct_cnt += int(np.argmax(layer_2[k : k + 1]) == np.argmax(labelset))
        layer_2_delta = (labels[batch_start:batch_end] - layer_2) / layer_2.shape[0]
        layer_1_delta = layer_2_delta.dot(weights_1_2.T) * tanh2deriv(layer_1)
        weights_1_2 += alpha * layer_1.T.dot(layer_2_delta)
        l1d_reshape = layer_1_delta.reshape(kernel_output.shape)
        k_update = flattened_input.T.dot(l1d_reshape)
        kernels += alpha * k_update
    print("I:" + str(j) + " Train-Acc:" + str(correct_cnt / float(len(images))))
