"""Sequential(Linear(6), Tanh(), Dropout(0.3), Linear(3)), printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train, y_train = data["X"].astype(np.float32), data["y"]  # (N, 4), (N,)
epochs, batch_size, seed = 3, 5, 7
lr, beta1, beta2, eps = 0.001, 0.9, 0.999, 1e-08


def uniform(count, *key):  # numbers in [0, 1), a pure function of the key
    def mix(x):
        x = (x ^ x >> 16) * 0x7FEB352D
        x = (x ^ x >> 15) * 0x846CA68B
        return x ^ x >> 16

    start = np.array([0x9E3779B9], np.uint32)
    for word in key:
        start = mix(start ^ word)
    x = mix(start + np.arange(count, dtype=np.uint32) * (mix(start) | 1))
    return (x >> 8).astype(np.float32) / 2**24


rng = np.random.default_rng(seed)  # parameters
W1 = rng.normal(0, (2 / (4 + 6)) ** 0.5, (4, 6)).astype(np.float32)  # Glorot
b1 = np.zeros(6, np.float32)
W2 = rng.normal(0, (2 / (6 + 3)) ** 0.5, (6, 3)).astype(np.float32)  # Glorot
b2 = np.zeros(3, np.float32)
params = [W1, b1, W2, b2]
ms = [np.zeros_like(p) for p in params]
vs = [np.zeros_like(p) for p in params]
step = 0

for epoch in range(epochs):
    order = np.random.default_rng((seed, epoch)).permutation(len(X_train))
    for start in range(0, len(X_train), batch_size):
        batch = order[start : start + batch_size]
        X, y, n = X_train[batch], y_train[batch], len(batch)
        step += 1
        # forward
        z1 = X @ W1 + b1       # (n, 6)
        a1 = np.tanh(z1)       # (n, 6)  tanh
        mask1 = uniform(n * 6, seed, step, 1).reshape(n, 6) < 0.7  # (n, 6)
        d1 = a1 * mask1 / 0.7  # (n, 6)  dropout
        scores = d1 @ W2 + b2  # (n, 3)
        # loss
        onehot = np.eye(3, dtype=np.float32)[y]  # (n, 3)
        shifted = scores - scores.max(axis=1, keepdims=True)  # (n, 3)
        logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -(onehot * logprobs).sum() / n
        # backward
        dscores = (np.exp(logprobs) - onehot) / n  # (n, 3)
        dW2 = d1.T @ dscores                       # (6, 3)
        db2 = dscores.sum(axis=0)                  # (3,)
        dz1 = (dscores @ W2.T) * mask1 / 0.7 * (1 - a1 ** 2)  # (n, 6)
        dW1 = X.T @ dz1                            # (4, 6)
        db1 = dz1.sum(axis=0)                      # (6,)
        # update
        grads = [dW1, db1, dW2, db2]
        rate = lr / (1 - beta1 ** step)
        correction = 1 - beta2 ** step
        for p, dp, m, v in zip(params, grads, ms, vs):
            m[...] = beta1 * m + (1 - beta1) * dp
            v[...] = beta2 * v + (1 - beta2) * dp ** 2
            p -= rate * m / (np.sqrt(v / correction) + eps)
    print(f"epoch {epoch + 1}: loss {loss:.4f}")

# evaluation
X, y = X_train, y_train
a1 = np.tanh(X @ W1 + b1)  # (n, 6)  tanh
scores = a1 @ W2 + b2      # (n, 3)
accuracy = (scores.argmax(axis=1) == y).mean()
print(f"accuracy {accuracy:.4f}")
