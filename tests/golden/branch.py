"""Branch(), printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train, y_train = data["X"].astype(np.float32), data["y"]  # (N, 4), (N,)
epochs, batch_size, seed, lr = 3, 5, 0, 0.1

rng = np.random.default_rng(seed)  # parameters
gate1 = np.full(5, 0.5, np.float32)
left_W = rng.normal(0, (2 / (4 + 5)) ** 0.5, (4, 5)).astype(np.float32)  # Glorot
left_b = np.zeros(5, np.float32)
W2 = rng.normal(0, (2 / (4 + 5)) ** 0.5, (4, 5)).astype(np.float32)  # Glorot
b2 = np.zeros(5, np.float32)
W3 = rng.normal(0, (2 / (5 + 3)) ** 0.5, (5, 3)).astype(np.float32)  # Glorot
b3 = np.zeros(3, np.float32)

for epoch in range(epochs):
    order = np.random.default_rng((seed, epoch)).permutation(len(X_train))
    for start in range(0, len(X_train), batch_size):
        batch = order[start : start + batch_size]
        X, y, n = X_train[batch], y_train[batch], len(batch)
        # forward
        left_z = X @ left_W + left_b  # (n, 5)
        z2 = X @ W2 + b2              # (n, 5)
        relu = np.maximum(left_z, 0)  # (n, 5)
        tanh2 = np.tanh(z2)           # (n, 5)
        added = relu * gate1 + tanh2  # (n, 5)
        scores = added @ W3 + b3      # (n, 3)
        # loss
        onehot = np.eye(3, dtype=np.float32)[y]  # (n, 3)
        shifted = scores - scores.max(axis=1, keepdims=True)  # (n, 3)
        logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -(onehot * logprobs).sum() / n
        # backward
        dscores = (np.exp(logprobs) - onehot) / n  # (n, 3)
        dW3 = added.T @ dscores                    # (5, 3)
        db3 = dscores.sum(axis=0)                  # (3,)
        dadded = dscores @ W3.T                    # (n, 5)
        dz2 = dadded * (1 - tanh2 ** 2)            # (n, 5)
        dW2 = X.T @ dz2                            # (4, 5)
        db2 = dz2.sum(axis=0)                      # (5,)
        dleft_z = dadded * gate1 * (left_z > 0)    # (n, 5)
        dleft_W = X.T @ dleft_z                    # (4, 5)
        dleft_b = dleft_z.sum(axis=0)              # (5,)
        dgate1 = (dadded * relu).sum(axis=0)       # (5,)
        # update
        gate1 -= lr * dgate1
        left_W -= lr * dleft_W
        left_b -= lr * dleft_b
        W2 -= lr * dW2
        b2 -= lr * db2
        W3 -= lr * dW3
        b3 -= lr * db3
    print(f"epoch {epoch + 1}: loss {loss:.4f}")

# evaluation
X, y = X_train, y_train
left_z = X @ left_W + left_b  # (n, 5)
z2 = X @ W2 + b2              # (n, 5)
scores = (np.maximum(left_z, 0) * gate1 + np.tanh(z2)) @ W3 + b3  # (n, 3)
accuracy = (scores.argmax(axis=1) == y).mean()
print(f"accuracy {accuracy:.4f}")
