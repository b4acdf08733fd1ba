"""Tied(), printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train, y_train = data["X"].astype(np.float32), data["y"]  # (N, 4), (N,)
epochs, batch_size, seed = 3, 5, 0
lr, beta1, beta2, eps = 0.001, 0.9, 0.999, 1e-08

rng = np.random.default_rng(seed)  # parameters
idle1 = np.ones(2, np.float32)
rest1 = np.ones(2, np.float32)
W2 = rng.normal(0, (2 / (4 + 3)) ** 0.5, (4, 3)).astype(np.float32)  # Glorot
b2 = np.zeros(3, np.float32)
W3 = rng.normal(0, (2 / (4 + 3)) ** 0.5, (4, 3)).astype(np.float32)  # Glorot
b3 = np.zeros(3, np.float32)
params = [idle1, rest1, W2, b2, W3, b3]
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
        z2 = X @ W2 + b2  # (n, 3)
        z3 = X @ W3 + b3  # (n, 3)
        scores = z2 + z3  # (n, 3)
        # loss
        onehot = np.eye(3, dtype=np.float32)[y]  # (n, 3)
        shifted = scores - scores.max(axis=1, keepdims=True)  # (n, 3)
        logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -(onehot * logprobs).sum() / n
        # backward
        dz2 = (np.exp(logprobs) - onehot) / n  # (n, 3)
        dW3 = X.T @ dz2                        # (4, 3)
        db3 = dz2.sum(axis=0)                  # (3,)
        dW2 = dW3                              # (4, 3)
        db2 = db3                              # (3,)
        didle1 = np.zeros(2, np.float32)       # (2,)
        drest1 = didle1                        # (2,)
        # update
        grads = [didle1, drest1, dW2, db2, dW3, db3]
        rate = lr / (1 - beta1 ** step)
        correction = 1 - beta2 ** step
        for p, dp, m, v in zip(params, grads, ms, vs):
            m[...] = beta1 * m + (1 - beta1) * dp
            v[...] = beta2 * v + (1 - beta2) * dp ** 2
            p -= rate * m / (np.sqrt(v / correction) + eps)
    print(f"epoch {epoch + 1}: loss {loss:.4f}")

# evaluation
X, y = X_train, y_train
scores = X @ W2 + b2 + X @ W3 + b3  # (n, 3)
accuracy = (scores.argmax(axis=1) == y).mean()
print(f"accuracy {accuracy:.4f}")
