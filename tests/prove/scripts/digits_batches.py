import numpy as np
from sklearn.datasets import load_digits

np.random.seed(1)
x, y = load_digits(return_X_y=True)
images, test_images = x[:600] / 16.0, x[600:800] / 16.0
labels, test_labels = np.zeros((600, 10)), np.zeros((200, 10))
for i, l in enumerate(y[:600]):
    labels[i][l] = 1
for i, l in enumerate(y[600:800]):
    test_labels[i][l] = 1


def tanh(x):
    return np.tanh(x)


def tanh2deriv(output):
    return 1 - output**2


def softmax(x):
    temp = np.exp(x)
    return temp / np.sum(temp, axis=1, keepdims=True)


alpha, iterations, hidden_size = 0.5, 30, 40
pixels_per_image, num_labels = 64, 10
batch_size = 50
weights_0_1 = 0.2 * np.random.random((pixels_per_image, hidden_size)) - 0.1
weights_1_2 = 0.2 * np.random.random((hidden_size, num_labels)) - 0.1
for j in range(iterations):
    correct_cnt = 0
    for i in range(int(len(images) / batch_size)):
        batch_start, batch_end = i * batch_size, (i + 1) * batch_size
        layer_0 = images[batch_start:batch_end]
        layer_1 = tanh(np.dot(layer_0, weights_0_1))
        dropout_mask = np.random.randint(2, size=layer_1.shape)
        hidden = layer_1 * dropout_mask * 2
        layer_2 = softmax(np.dot(hidden, weights_1_2))
        for k in range(batch_size):
            correct_cnt += int(
                np.argmax(layer_2[k : k + 1])
                == np.argmax(labels[batch_start + k : batch_start + k + 1])
            )
        layer_2_delta = (labels[batch_start:batch_end] - layer_2) / batch_size
        layer_1_delta = layer_2_delta.dot(weights_1_2.T) * dropout_mask * 2
        layer_1_delta = layer_1_delta * tanh2deriv(layer_1)
        weights_1_2 += alpha * hidden.T.dot(layer_2_delta)
        weights_0_1 += alpha * layer_0.T.dot(layer_1_delta)
    test_correct_cnt = 0
    for i in range(len(test_images)):
        layer_0 = test_images[i : i + 1]
        layer_1 = tanh(np.dot(layer_0, weights_0_1))
        layer_2 = np.dot(layer_1, weights_1_2)
        test_correct_cnt += int(np.argmax(layer_2) == np.argmax(test_labels[i : i + 1]))
    if j % 10 == 0:
        print(
            "I:" + str(j)
            + " Test-Acc:" + str(test_correct_cnt / float(len(test_images)))
            + " Train-Acc:" + str(correct_cnt / float(len(images)))
        )
