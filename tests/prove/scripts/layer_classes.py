import itertools
import numpy as np

rng = np.random.RandomState(2)
X_train = rng.randn(60, 5)
labels = (X_train @ rng.randn(5, 3)).argmax(axis=1)
T_train = np.zeros((60, 3))
T_train[np.arange(60), labels] = 1


def logistic(z):
    return 1.0 / (1.0 + np.exp(-z))


def logistic_deriv(y):
    return np.multiply(y, (1 - y))


def softmax(z):
    return np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)


class Layer(object):
    def get_params_iter(self):
        return []

    def get_params_grad(self, X, output_grad):
        return []


class LinearLayer(Layer):
    def __init__(self, n_in, n_out):
        self.W = rng.randn(n_in, n_out) * 0.1
        self.b = np.zeros(n_out)

    def get_params_iter(self):
        return [self.W, self.b]

    def get_output(self, X):
        return X.dot(self.W) + self.b

    def get_params_grad(self, X, output_grad):
        return [X.T.dot(output_grad), np.sum(output_grad, axis=0)]

    def get_input_grad(self, Y, output_grad=None, T=None):
        return output_grad.dot(self.W.T)


class LogisticLayer(Layer):
    def get_output(self, X):
        return logistic(X)

    def get_input_grad(self, Y, output_grad=None, T=None):
        return np.multiply(logistic_deriv(Y), output_grad)


class SoftmaxOutputLayer(Layer):
    def get_output(self, X):
        return softmax(X)

    def get_input_grad(self, Y, output_grad=None, T=None):
        return (Y - T) / Y.shape[0]

    def get_cost(self, Y, T):
        return -np.multiply(T, np.log(Y)).sum() / Y.shape[0]


layers = [LinearLayer(5, 8), LogisticLayer(), LinearLayer(8, 3), SoftmaxOutputLayer()]


def forward_step(input_samples, layers):
    activations = [input_samples]
    X = input_samples
    for layer in layers:
        Y = layer.get_output(X)
        activations.append(Y)
        X = activations[-1]
    return activations


def backward_step(activations, targets, layers):
    param_grads = []
    output_grad = None
    for layer in reversed(layers):
        Y = activations.pop()
        if output_grad is None:
            input_grad = layer.get_input_grad(Y, T=targets)
        else:
            input_grad = layer.get_input_grad(Y, output_grad)
        X = activations[-1]
        grads = layer.get_params_grad(X, output_grad)
        param_grads.insert(0, grads)
        output_grad = input_grad
    return param_grads


def update_params(layers, param_grads, learning_rate):
    for layer, layer_backprop_grads in zip(layers, param_grads):
        for param, grad in zip(layer.get_params_iter(), layer_backprop_grads):
            param -= learning_rate * grad


batch_size = 20
nb_of_batches = X_train.shape[0] // batch_size
XT_batches = list(
    zip(np.array_split(X_train, nb_of_batches), np.array_split(T_train, nb_of_batches))
)
costs = []
learning_rate = 0.1
for iteration in range(30):
    for X, T in XT_batches:
        activations = forward_step(X, layers)
        minibatch_cost = layers[-1].get_cost(activations[-1], T)
        costs.append(minibatch_cost)
        param_grads = backward_step(activations, T, layers)
        update_params(layers, param_grads, learning_rate)
print("cost", costs[-1])
