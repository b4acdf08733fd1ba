"""Sequential(Linear(64), ReLU(), Linear(64), ReLU(), Linear(3)),
printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train, y_train = data["X"].astype(np.float32), data["y"]  # (N, 2), (N,)
epochs, batch_size, seed = 3, 5, 0
lr, beta1, beta2, eps = 0.01, 0.9, 0.999, 1e-08

rng = np.random.default_rng(seed)  # parameters
W1 = rng.normal(0, (2 / 2) ** 0.5, (2, 64)).astype(np.float32)  # He
b1 = np.zeros(64, np.float32)
W2 = rng.normal(0, (2 / 64) ** 0.5, (64, 64)).astype(np.float32)  # He
b2 = np.zeros(64, np.float32)
W3 = rng.normal(0, (2 / (64 + 3)) ** 0.5, (64, 3)).astype(np.float32)  # Glorot
b3 = np.zeros(3, np.float32)
params = [W1, b1, W2, b2, W3, b3]
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
        z1 = X @ W1 + b1        # (n, 64)
        a1 = np.maximum(z1, 0)  # (n, 64)  ReLU
        z2 = a1 @ W2 + b2       # (n, 64)
        a2 = np.maximum(z2, 0)  # (n, 64)  ReLU
        scores = a2 @ W3 + b3   # (n, 3)
        # loss
        onehot = np.eye(3, dtype=np.float32)[y]  # (n, 3)
        shifted = scores - scores.max(axis=1, keepdims=True)  # (n, 3)
        logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -(onehot * logprobs).sum() / n
        # backward
        dscores = (np.exp(logprobs) - onehot) / n  # (n, 3)
        dW3 = a2.T @ dscores                       # (64, 3)
        db3 = dscores.sum(axis=0)                  # (3,)
        dz2 = (dscores @ W3.T) * (z2 > 0)          # (n, 64)
        dW2 = a1.T @ dz2                           # (64, 64)
        db2 = dz2.sum(axis=0)                      # (64,)
        dz1 = (dz2 @ W2.T) * (z1 > 0)              # (n, 64)
        dW1 = X.T @ dz1                            # (2, 64)
        db1 = dz1.sum(axis=0)                      # (64,)
        # update
        grads = [dW1, db1, dW2, db2, dW3, db3]
        rate = lr / (1 - beta1 ** step)
        correction = 1 - beta2 ** step
        for p, dp, m, v in zip(params, grads, ms, vs):
            m[...] = beta1 * m + (1 - beta1) * dp
            v[...] = beta2 * v + (1 - beta2) * dp ** 2
            p -= rate * m / (np.sqrt(v / correction) + eps)
    print(f"epoch {epoch + 1}: loss {loss:.4f}")

# evaluation
X, y = X_train, y_train
a1 = np.maximum(X @ W1 + b1, 0)   # (n, 64)  ReLU
a2 = np.maximum(a1 @ W2 + b2, 0)  # (n, 64)  ReLU
scores = a2 @ W3 + b3             # (n, 3)
accuracy = (scores.argmax(axis=1) == y).mean()
print(f"accuracy {accuracy:.4f}")
