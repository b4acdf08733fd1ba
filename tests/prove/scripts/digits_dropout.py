import numpy as np, sys
from sklearn.datasets import load_digits

np.random.seed(1)
x, y = load_digits(return_X_y=True)
images = x[:200] / 16.0
labels = np.zeros((200, 10))
for i, l in enumerate(y[:200]):
    labels[i][l] = 1

relu = lambda x: (x >= 0) * x
relu2deriv = lambda x: x > 0

alpha, iterations, hidden_size, num_labels = (0.005, 20, 40, 10)
weights_0_1 = 0.2 * np.random.random((64, hidden_size)) - 0.1
weights_1_2 = 0.2 * np.random.random((hidden_size, num_labels)) - 0.1
for j in range(iterations):
    error, correct_cnt = (0.0, 0)
    for i in range(len(images)):
        layer_0 = images[i : i + 1]
        layer_1 = relu(np.dot(layer_0, weights_0_1))
        dropout_mask = np.random.randint(2, size=layer_1.shape)
        layer_1 *= dropout_mask * 2
        layer_2 = np.dot(layer_1, weights_1_2)
        error += np.sum((labels[i : i + 1] - layer_2) ** 2)
        correct_cnt += int(np.argmax(layer_2) == np.argmax(labels[i : i + 1]))
        layer_2_delta = labels[i : i + 1] - layer_2
        layer_1_delta = layer_2_delta.dot(weights_1_2.T) * relu2deriv(layer_1)
        layer_1_delta *= dropout_mask * 2
        weights_1_2 += alpha * layer_1.T.dot(layer_2_delta)
        weights_0_1 += alpha * layer_0.T.dot(layer_1_delta)
    sys.stdout.write(
        "\r I:" + str(j) + " Error:" + str(error / float(len(images)))[0:5]
        + " Correct:" + str(correct_cnt / float(len(images)))
    )
