"""Sequential(Linear(6), GELU(), Linear(2)), printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train = data["X"].astype(np.float32)  # (N, 3)
y_train = data["y"].astype(np.float32)  # (N, 2)
epochs, batch_size, seed, lr, eps = 3, 5, 0, 0.1, 1e-10

rng = np.random.default_rng(seed)  # parameters
W1 = rng.normal(0, (2 / 3) ** 0.5, (3, 6)).astype(np.float32)  # He
b1 = np.zeros(6, np.float32)
W2 = rng.normal(0, (2 / (6 + 2)) ** 0.5, (6, 2)).astype(np.float32)  # Glorot
b2 = np.zeros(2, np.float32)
sW1 = np.zeros_like(W1)
sb1 = np.zeros_like(b1)
sW2 = np.zeros_like(W2)
sb2 = np.zeros_like(b2)

np.seterr(over="ignore")  # 1 / (1 + exp(800)) is 0, as it should be
for epoch in range(epochs):
    order = np.random.default_rng((seed, epoch)).permutation(len(X_train))
    for start in range(0, len(X_train), batch_size):
        batch = order[start : start + batch_size]
        X, y, n = X_train[batch], y_train[batch], len(batch)
        # forward
        z1 = X @ W1 + b1             # (n, 6)
        tanh1 = np.tanh(0.7978845608028654 * (z1 + 0.044715 * z1 ** 3))  # (n, 6)
        a1 = 0.5 * z1 * (1 + tanh1)  # (n, 6)  GELU
        scores = a1 @ W2 + b2        # (n, 2)
        # loss
        loss = (np.logaddexp(0, scores) - y * scores).mean()
        # backward
        dscores = (1 / (1 + np.exp(-scores)) - y) / (n * 2)  # (n, 2)
        dW2 = a1.T @ dscores                         # (6, 2)
        db2 = dscores.sum(axis=0)                    # (2,)
        da1 = dscores @ W2.T                         # (n, 6)
        dinner1 = 0.5 * da1 * z1 * (1 - tanh1 ** 2)  # (n, 6)
        scaled1 = 0.10703222440890037 * dinner1 * z1 ** 2  # (n, 6)
        dz1 = 0.5 * da1 * (1 + tanh1) + scaled1 + 0.7978845608028654 * dinner1  # (n, 6)
        dW1 = X.T @ dz1                              # (3, 6)
        db1 = dz1.sum(axis=0)                        # (6,)
        # update
        sW1 += dW1 ** 2
        W1 -= lr * dW1 / (np.sqrt(sW1) + eps)
        sb1 += db1 ** 2
        b1 -= lr * db1 / (np.sqrt(sb1) + eps)
        sW2 += dW2 ** 2
        W2 -= lr * dW2 / (np.sqrt(sW2) + eps)
        sb2 += db2 ** 2
        b2 -= lr * db2 / (np.sqrt(sb2) + eps)
    print(f"epoch {epoch + 1}: loss {loss:.4f}")

# evaluation
X, y = X_train, y_train
z1 = X @ W1 + b1             # (n, 6)
tanh1 = np.tanh(0.7978845608028654 * (z1 + 0.044715 * z1 ** 3))  # (n, 6)
a1 = 0.5 * z1 * (1 + tanh1)  # (n, 6)  GELU
scores = a1 @ W2 + b2        # (n, 2)
accuracy = ((scores > 0) == (y > 0.5)).mean()
print(f"accuracy {accuracy:.4f}")
