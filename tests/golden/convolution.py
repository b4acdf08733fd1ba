"""Sequential(Conv2d(4, 3), Tanh(), Flatten(), Dropout(0.5), Linear(2)),
printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train, y_train = data["X"].astype(np.float32), data["y"]  # (N, 8, 8, 1), (N,)
epochs, batch_size, seed = 3, 5, 0
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
W1 = rng.normal(0, (2 / (9 + 36)) ** 0.5, (3, 3, 1, 4)).astype(np.float32)  # Glorot
b1 = np.zeros(4, np.float32)
W2 = rng.normal(0, (2 / (144 + 2)) ** 0.5, (144, 2)).astype(np.float32)  # Glorot
b2 = np.zeros(2, np.float32)
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
        patches1 = np.stack([
            X[:, i:i+6, j:j+6] for i in range(3) for j in range(3)
        ], axis=3)                           # (n, 6, 6, 9, 1)
        sums1 = patches1.reshape(-1, 9) @ W1.reshape(9, 4)  # (n*36, 4)
        z1 = sums1.reshape(n, 6, 6, 4) + b1  # (n, 6, 6, 4)
        a1 = np.tanh(z1)                     # (n, 6, 6, 4)  tanh
        f1 = a1.reshape(n, 144)              # (n, 144)
        mask1 = uniform(n * 144, seed, step, 1).reshape(n, 144) < 0.5  # (n, 144)
        d1 = f1 * mask1 / 0.5                # (n, 144)  dropout
        scores = d1 @ W2 + b2                # (n, 2)
        # loss
        onehot = np.eye(2, dtype=np.float32)[y]  # (n, 2)
        shifted = scores - scores.max(axis=1, keepdims=True)  # (n, 2)
        logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -(onehot * logprobs).sum() / n
        # backward
        dscores = (np.exp(logprobs) - onehot) / n  # (n, 2)
        dW2 = d1.T @ dscores                       # (144, 2)
        db2 = dscores.sum(axis=0)                  # (2,)
        da1 = ((dscores @ W2.T) * mask1 / 0.5).reshape(n, 6, 6, 4)  # (n, 6, 6, 4)
        dz1 = da1 * (1 - a1 ** 2)                  # (n, 6, 6, 4)
        dkernels1 = patches1.reshape(-1, 9).T @ dz1.reshape(-1, 4)  # (9, 4)
        dW1 = dkernels1.reshape(3, 3, 1, 4)        # (3, 3, 1, 4)
        db1 = dz1.sum(axis=(0, 1, 2))              # (4,)
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
n = len(X)
patches1 = np.stack([
    X[:, i:i+6, j:j+6] for i in range(3) for j in range(3)
], axis=3)                             # (n, 6, 6, 9, 1)
sums1 = patches1.reshape(-1, 9) @ W1.reshape(9, 4)  # (n*36, 4)
z1 = sums1.reshape(n, 6, 6, 4) + b1    # (n, 6, 6, 4)
a1 = np.tanh(z1)                       # (n, 6, 6, 4)  tanh
scores = a1.reshape(n, 144) @ W2 + b2  # (n, 2)
accuracy = (scores.argmax(axis=1) == y).mean()
print(f"accuracy {accuracy:.4f}")
