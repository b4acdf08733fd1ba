"""Sequential(Linear(5), SiLU(), Linear(3), Softmax()), printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train, y_train = data["X"].astype(np.float32), data["y"]  # (N, 4), (N,)
epochs, batch_size, seed, lr, rho, eps = 3, 5, 0, 0.01, 0.99, 1e-08

rng = np.random.default_rng(seed)  # parameters
W1 = rng.normal(0, (2 / 4) ** 0.5, (4, 5)).astype(np.float32)  # He
b1 = np.zeros(5, np.float32)
W2 = rng.normal(0, (2 / (5 + 3)) ** 0.5, (5, 3)).astype(np.float32)  # Glorot
b2 = np.zeros(3, np.float32)
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
        z1 = X @ W1 + b1               # (n, 5)
        gate1 = 1 / (1 + np.exp(-z1))  # (n, 5)
        a1 = z1 * gate1                # (n, 5)  SiLU
        z2 = a1 @ W2 + b2              # (n, 3)
        # loss
        soft = 0.9 * np.eye(3, dtype=np.float32)[y] + 0.03333333333333333  # (n, 3)
        shifted = z2 - z2.max(axis=1, keepdims=True)  # (n, 3)
        logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -(soft * logprobs).sum() / n
        # backward
        dz2 = (np.exp(logprobs) - soft) / n  # (n, 3)
        dW2 = a1.T @ dz2                     # (5, 3)
        db2 = dz2.sum(axis=0)                # (3,)
        da1 = dz2 @ W2.T                     # (n, 5)
        dz1 = da1 * z1 * gate1 * (1 - gate1) + da1 * gate1  # (n, 5)
        dW1 = X.T @ dz1                      # (4, 5)
        db1 = dz1.sum(axis=0)                # (5,)
        # update
        sW1 = rho * sW1 + (1 - rho) * dW1 ** 2
        W1 -= lr * dW1 / (np.sqrt(sW1) + eps)
        sb1 = rho * sb1 + (1 - rho) * db1 ** 2
        b1 -= lr * db1 / (np.sqrt(sb1) + eps)
        sW2 = rho * sW2 + (1 - rho) * dW2 ** 2
        W2 -= lr * dW2 / (np.sqrt(sW2) + eps)
        sb2 = rho * sb2 + (1 - rho) * db2 ** 2
        b2 -= lr * db2 / (np.sqrt(sb2) + eps)
    print(f"epoch {epoch + 1}: loss {loss:.4f}")

# evaluation
X, y = X_train, y_train
z1 = X @ W1 + b1                   # (n, 5)
a1 = z1 * (1 / (1 + np.exp(-z1)))  # (n, 5)  SiLU
z2 = a1 @ W2 + b2                  # (n, 3)
accuracy = (z2.argmax(axis=1) == y).mean()
print(f"accuracy {accuracy:.4f}")
