"""Sequential(Linear(6), ReLU(), Linear(3)), printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train, y_train = data["X"].astype(np.float32), data["y"]  # (N, 4), (N,)
free_W1 = data["free_W1"]
epochs, batch_size, seed, lr = 3, 5, 0, 0.1

rng = np.random.default_rng(seed)  # parameters
W1 = rng.normal(0, (2 / 4) ** 0.5, (4, 6)).astype(np.float32)  # He
b1 = np.zeros(6, np.float32)
W2 = rng.normal(0, (2 / (6 + 3)) ** 0.5, (6, 3)).astype(np.float32)  # Glorot
b2 = np.zeros(3, np.float32)

for epoch in range(epochs):
    order = np.random.default_rng((seed, epoch)).permutation(len(X_train))
    for start in range(0, len(X_train), batch_size):
        batch = order[start : start + batch_size]
        X, y, n = X_train[batch], y_train[batch], len(batch)
        # forward
        z1 = X @ W1 + b1        # (n, 6)
        a1 = np.maximum(z1, 0)  # (n, 6)  ReLU
        scores = a1 @ W2 + b2   # (n, 3)
        # loss
        onehot = np.eye(3, dtype=np.float32)[y]  # (n, 3)
        shifted = scores - scores.max(axis=1, keepdims=True)  # (n, 3)
        logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -(onehot * logprobs).sum() / n
        # backward
        dscores = (np.exp(logprobs) - onehot) / n  # (n, 3)
        dW2 = a1.T @ dscores                       # (6, 3)
        db2 = dscores.sum(axis=0)                  # (3,)
        dz1 = (dscores @ W2.T) * (z1 > 0)          # (n, 6)
        dW1 = X.T @ dz1                            # (4, 6)
        db1 = dz1.sum(axis=0)                      # (6,)
        # update
        W1 = np.where(free_W1, W1 - lr * dW1, W1)
        b1 -= lr * db1
        W2 -= lr * dW2
        b2 -= lr * db2
    print(f"epoch {epoch + 1}: loss {loss:.4f}")

# evaluation
X, y = X_train, y_train
a1 = np.maximum(X @ W1 + b1, 0)  # (n, 6)  ReLU
scores = a1 @ W2 + b2            # (n, 3)
accuracy = (scores.argmax(axis=1) == y).mean()
print(f"accuracy {accuracy:.4f}")
