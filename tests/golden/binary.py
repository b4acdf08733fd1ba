"""Sequential(Linear(4), ELU(), Linear(1), Sigmoid()), printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train = data["X"].astype(np.float32)  # (N, 3)
y_train = data["y"].astype(np.float32)  # (N, 1)
epochs, batch_size, seed, lr, momentum = 3, 5, 0, 0.1, 0.9

rng = np.random.default_rng(seed)  # parameters
W1 = rng.normal(0, (2 / 3) ** 0.5, (3, 4)).astype(np.float32)  # He
b1 = np.zeros(4, np.float32)
W2 = rng.normal(0, (2 / (4 + 1)) ** 0.5, (4, 1)).astype(np.float32)  # Glorot
b2 = np.zeros(1, np.float32)
vW1 = np.zeros_like(W1)
vb1 = np.zeros_like(b1)
vW2 = np.zeros_like(W2)
vb2 = np.zeros_like(b2)

np.seterr(over="ignore")  # 1 / (1 + exp(800)) is 0, as it should be
for epoch in range(epochs):
    order = np.random.default_rng((seed, epoch)).permutation(len(X_train))
    for start in range(0, len(X_train), batch_size):
        batch = order[start : start + batch_size]
        X, y, n = X_train[batch], y_train[batch], len(batch)
        # forward
        z1 = X @ W1 + b1                     # (n, 4)
        tail1 = np.expm1(np.minimum(0, z1))  # (n, 4)
        a1 = np.maximum(z1, 0) + tail1       # (n, 4)  ELU
        z2 = a1 @ W2 + b2                    # (n, 1)
        # loss
        loss = (np.logaddexp(0, z2) - y * z2).mean()
        # backward
        dz2 = (1 / (1 + np.exp(-z2)) - y) / n  # (n, 1)
        dW2 = a1.T @ dz2                       # (4, 1)
        db2 = dz2.sum(axis=0)                  # (1,)
        da1 = dz2 @ W2.T                       # (n, 4)
        dz1 = da1 * (z1 > 0) + da1 * (tail1 + 1) * (z1 <= 0)  # (n, 4)
        dW1 = X.T @ dz1                        # (3, 4)
        db1 = dz1.sum(axis=0)                  # (4,)
        # update
        vW1 = momentum * vW1 + dW1
        W1 -= lr * vW1
        vb1 = momentum * vb1 + db1
        b1 -= lr * vb1
        vW2 = momentum * vW2 + dW2
        W2 -= lr * vW2
        vb2 = momentum * vb2 + db2
        b2 -= lr * vb2
    print(f"epoch {epoch + 1}: loss {loss:.4f}")

# evaluation
X, y = X_train, y_train
z1 = X @ W1 + b1   # (n, 4)
a1 = np.maximum(z1, 0) + np.expm1(np.minimum(0, z1))  # (n, 4)  ELU
z2 = a1 @ W2 + b2  # (n, 1)
accuracy = ((z2 > 0) == (y > 0.5)).mean()
print(f"accuracy {accuracy:.4f}")
