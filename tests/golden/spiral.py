"""Sequential(Linear(100), ReLU(), Linear(3)), printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X, y = data["X"].astype(np.float32), data["y"]  # (N, 2), (N,)
epochs, seed, lr, l2 = 3, 0, 1.0, 0.001

rng = np.random.default_rng(seed)  # parameters
W1 = rng.normal(0, (2 / 2) ** 0.5, (2, 100)).astype(np.float32)  # He
b1 = np.zeros(100, np.float32)
W2 = rng.normal(0, (2 / (100 + 3)) ** 0.5, (100, 3)).astype(np.float32)  # Glorot
b2 = np.zeros(3, np.float32)
n = len(X)

for epoch in range(epochs):
    # forward
    z1 = X @ W1 + b1        # (n, 100)
    a1 = np.maximum(z1, 0)  # (n, 100)  ReLU
    scores = a1 @ W2 + b2   # (n, 3)
    # loss
    onehot = np.eye(3, dtype=np.float32)[y]  # (n, 3)
    shifted = scores - scores.max(axis=1, keepdims=True)  # (n, 3)
    logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (n, 3)
    data_loss = -(onehot * logprobs).sum() / n
    loss = data_loss + 0.5 * l2 * ((W1 ** 2).sum() + (W2 ** 2).sum())
    # backward
    dscores = (np.exp(logprobs) - onehot) / n  # (n, 3)
    dW2 = a1.T @ dscores + l2 * W2             # (100, 3)
    db2 = dscores.sum(axis=0)                  # (3,)
    dz1 = (dscores @ W2.T) * (z1 > 0)          # (n, 100)
    dW1 = X.T @ dz1 + l2 * W1                  # (2, 100)
    db1 = dz1.sum(axis=0)                      # (100,)
    # update
    W1 -= lr * dW1
    b1 -= lr * db1
    W2 -= lr * dW2
    b2 -= lr * db2
    print(f"epoch {epoch + 1}: loss {loss:.4f}")

# evaluation
a1 = np.maximum(X @ W1 + b1, 0)  # (n, 100)  ReLU
scores = a1 @ W2 + b2            # (n, 3)
accuracy = (scores.argmax(axis=1) == y).mean()
print(f"accuracy {accuracy:.4f}")
