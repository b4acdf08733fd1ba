"""Sequential(Linear(3), ReLU(), Linear(1)), printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X, y = data["X"].astype(np.float32), data["y"].astype(np.float32)  # (N, 1), (N, 1)
epochs, seed, lr = 3, 0, 0.05

rng = np.random.default_rng(seed)  # parameters
W1 = rng.normal(0, (2 / 1) ** 0.5, (1, 3)).astype(np.float32)  # He
b1 = np.zeros(3, np.float32)
W2 = rng.normal(0, (2 / (3 + 1)) ** 0.5, (3, 1)).astype(np.float32)  # Glorot
b2 = np.zeros(1, np.float32)

for epoch in range(epochs):
    # forward
    z1 = X @ W1 + b1        # (n, 3)
    a1 = np.maximum(z1, 0)  # (n, 3)  ReLU
    pred = a1 @ W2 + b2     # (n, 1)
    # loss
    diff = pred - y  # (n, 1)
    loss = (diff ** 2).sum()
    # backward
    dpred = 2 * diff                 # (n, 1)
    dW2 = a1.T @ dpred               # (3, 1)
    db2 = dpred.sum(axis=0)          # (1,)
    dz1 = (dpred @ W2.T) * (z1 > 0)  # (n, 3)
    dW1 = X.T @ dz1                  # (1, 3)
    db1 = dz1.sum(axis=0)            # (3,)
    # update
    W1 -= lr * dW1
    b1 -= lr * db1
    W2 -= lr * dW2
    b2 -= lr * db2
    print(f"epoch {epoch + 1}: loss {loss:.4f}")

# evaluation
a1 = np.maximum(X @ W1 + b1, 0)    # (n, 3)  ReLU
squares = (a1 @ W2 + b2 - y) ** 2  # (n, 1)
spread = ((y - y.mean(axis=0)) ** 2).sum(axis=0)  # (1,)
r2 = 1 - (squares.sum(axis=0) / np.where(spread > 0, spread, 1)).mean()
print(f"r2 {r2:.4f}")
