"""Sequential(Linear(6), HardTanh(), Linear(3)), printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train, y_train = data["X"].astype(np.float32), data["y"]  # (N, 4), (N,)
epochs, batch_size, seed = 3, 5, 0
lr, beta1, beta2, eps, clip_norm = 0.001, 0.9, 0.999, 1e-08, 1.0

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
        z1 = X @ W1 + b1         # (n, 6)
        a1 = np.clip(z1, -1, 1)  # (n, 6)  hard tanh
        scores = a1 @ W2 + b2    # (n, 3)
        # loss
        onehot = np.eye(3, dtype=np.float32)[y]  # (n, 3)
        right = (onehot * scores).sum(axis=1, keepdims=True)  # (n, 1)
        margins = scores - right + (1 - onehot)  # (n, 3)
        loss = np.maximum(margins, 0).sum() / n
        # backward
        dmargins = (margins > 0).astype(np.float32) / n  # (n, 3)
        dscores = dmargins - dmargins.sum(axis=1, keepdims=True) * onehot  # (n, 3)
        dW2 = a1.T @ dscores                           # (6, 3)
        db2 = dscores.sum(axis=0)                      # (3,)
        dz1 = (dscores @ W2.T) * (z1 > -1) * (z1 < 1)  # (n, 6)
        dW1 = X.T @ dz1                                # (4, 6)
        db1 = dz1.sum(axis=0)                          # (6,)
        # update
        grads = [dW1, db1, dW2, db2]
        rate = lr / (1 - beta1 ** step)
        correction = 1 - beta2 ** step
        norm = np.sqrt(sum((g ** 2).sum() for g in grads))
        scale = np.minimum(1, clip_norm / (norm + 1e-06))
        for p, dp, m, v in zip(params, grads, ms, vs):
            g = scale * dp
            m[...] = beta1 * m + (1 - beta1) * g
            v[...] = beta2 * v + (1 - beta2) * g ** 2
            p -= rate * m / (np.sqrt(v / correction) + eps)
    print(f"epoch {epoch + 1}: loss {loss:.4f}")

# evaluation
X, y = X_train, y_train
a1 = np.clip(X @ W1 + b1, -1, 1)  # (n, 6)  hard tanh
scores = a1 @ W2 + b2             # (n, 3)
accuracy = (scores.argmax(axis=1) == y).mean()
print(f"accuracy {accuracy:.4f}")
