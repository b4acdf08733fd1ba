"""Sequential(Conv2d(3, 3, padding='same'), ReLU(), MaxPool2d(size=2), Conv2d(4, 3,
stride=2, padding=1), ReLU(), AvgPool2d(size=2), Flatten(), Linear(2)),
printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train, y_train = data["X"].astype(np.float32), data["y"]  # (N, 8, 8, 1), (N,)
epochs, batch_size, seed = 3, 5, 0
lr, beta1, beta2, eps = 0.001, 0.9, 0.999, 1e-08

rng = np.random.default_rng(seed)  # parameters
W1 = rng.normal(0, (2 / 9) ** 0.5, (3, 3, 1, 3)).astype(np.float32)  # He
b1 = np.zeros(3, np.float32)
W2 = rng.normal(0, (2 / 27) ** 0.5, (3, 3, 3, 4)).astype(np.float32)  # He
b2 = np.zeros(4, np.float32)
W3 = rng.normal(0, (2 / (4 + 2)) ** 0.5, (4, 2)).astype(np.float32)  # Glorot
b3 = np.zeros(2, np.float32)
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
        padded1 = np.pad(X, [(0, 0), (1, 1), (1, 1), (0, 0)])  # (n, 10, 10, 1)
        patches1 = np.stack([
            padded1[:, i:i+8, j:j+8] for i in range(3) for j in range(3)
        ], axis=3)                           # (n, 8, 8, 9, 1)
        sums1 = patches1.reshape(-1, 9) @ W1.reshape(9, 3)  # (n*64, 3)
        z1 = sums1.reshape(n, 8, 8, 3) + b1  # (n, 8, 8, 3)
        a1 = np.maximum(z1, 0)               # (n, 8, 8, 3)  ReLU
        p1 = a1.reshape(n, 4, 2, 4, 2, 3).max(axis=(2, 4))  # (n, 4, 4, 3)  max pooling
        padded2 = np.pad(p1, [(0, 0), (1, 1), (1, 1), (0, 0)])  # (n, 6, 6, 3)
        patches2 = np.stack([
            padded2[:, i:i+3:2, j:j+3:2] for i in range(3) for j in range(3)
        ], axis=3)                           # (n, 2, 2, 9, 3)
        sums2 = patches2.reshape(-1, 27) @ W2.reshape(27, 4)  # (n*4, 4)
        z2 = sums2.reshape(n, 2, 2, 4) + b2  # (n, 2, 2, 4)
        a2 = np.maximum(z2, 0)               # (n, 2, 2, 4)  ReLU
        p2 = a2[:, None, :, None, :, :].mean(axis=(2, 4))  # (n, 1, 1, 4)
        f2 = p2.reshape(n, 4)                # (n, 4)
        scores = f2 @ W3 + b3                # (n, 2)
        # loss
        onehot = np.eye(2, dtype=np.float32)[y]  # (n, 2)
        shifted = scores - scores.max(axis=1, keepdims=True)  # (n, 2)
        logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -(onehot * logprobs).sum() / n
        # backward
        dscores = (np.exp(logprobs) - onehot) / n  # (n, 2)
        dW3 = f2.T @ dscores                       # (4, 2)
        db3 = dscores.sum(axis=0)                  # (2,)
        df2 = dscores @ W3.T                       # (n, 4)
        share2 = df2[:, None, None, None, None, :] / 4  # (n, 1, 1, 1, 1, 4)
        dwindows2 = np.broadcast_to(share2, (n, 1, 2, 1, 2, 4))  # (n, 1, 2, 1, 2, 4)
        da2 = dwindows2.reshape(n, 2, 2, 4)        # (n, 2, 2, 4)
        dz2 = da2 * (z2 > 0)                       # (n, 2, 2, 4)
        dkernels2 = patches2.reshape(-1, 27).T @ dz2.reshape(-1, 4)  # (27, 4)
        dW2 = dkernels2.reshape(3, 3, 3, 4)        # (3, 3, 3, 4)
        db2 = dz2.sum(axis=(0, 1, 2))              # (4,)
        drows2 = dz2.reshape(-1, 4) @ W2.reshape(27, 4).T  # (n*4, 27)
        dpatches2 = drows2.reshape(n, 2, 2, 9, 3)  # (n, 2, 2, 9, 3)
        dpadded2 = np.zeros((n, 6, 6, 3), np.float32)
        for i in range(3):
            for j in range(3):
                dpadded2[:, i:i+3:2, j:j+3:2] += dpatches2[:, :, :, 3 * i + j]
        dp1 = dpadded2[:, 1:5, 1:5]                # (n, 4, 4, 3)
        mask1 = a1.reshape(n, 4, 2, 4, 2, 3) == p1[:, :, None, :, None, :]
        share1 = dp1 / mask1.sum(axis=(2, 4), dtype=np.float32)  # (n, 4, 4, 3)
        dwindows1 = share1[:, :, None, :, None, :] * mask1  # (n, 4, 2, 4, 2, 3)
        da1 = dwindows1.reshape(n, 8, 8, 3)        # (n, 8, 8, 3)
        dz1 = da1 * (z1 > 0)                       # (n, 8, 8, 3)
        dkernels1 = patches1.reshape(-1, 9).T @ dz1.reshape(-1, 3)  # (9, 3)
        dW1 = dkernels1.reshape(3, 3, 1, 3)        # (3, 3, 1, 3)
        db1 = dz1.sum(axis=(0, 1, 2))              # (3,)
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
n = len(X)
padded1 = np.pad(X, [(0, 0), (1, 1), (1, 1), (0, 0)])  # (n, 10, 10, 1)
patches1 = np.stack([
    padded1[:, i:i+8, j:j+8] for i in range(3) for j in range(3)
], axis=3)                           # (n, 8, 8, 9, 1)
sums1 = patches1.reshape(-1, 9) @ W1.reshape(9, 3)  # (n*64, 3)
z1 = sums1.reshape(n, 8, 8, 3) + b1  # (n, 8, 8, 3)
a1 = np.maximum(z1, 0)               # (n, 8, 8, 3)  ReLU
p1 = a1.reshape(n, 4, 2, 4, 2, 3).max(axis=(2, 4))  # (n, 4, 4, 3)  max pooling
padded2 = np.pad(p1, [(0, 0), (1, 1), (1, 1), (0, 0)])  # (n, 6, 6, 3)
patches2 = np.stack([
    padded2[:, i:i+3:2, j:j+3:2] for i in range(3) for j in range(3)
], axis=3)                           # (n, 2, 2, 9, 3)
sums2 = patches2.reshape(-1, 27) @ W2.reshape(27, 4)  # (n*4, 4)
z2 = sums2.reshape(n, 2, 2, 4) + b2  # (n, 2, 2, 4)
a2 = np.maximum(z2, 0)               # (n, 2, 2, 4)  ReLU
p2 = a2[:, None, :, None, :, :].mean(axis=(2, 4))  # (n, 1, 1, 4)  average pooling
scores = p2.reshape(n, 4) @ W3 + b3  # (n, 2)
accuracy = (scores.argmax(axis=1) == y).mean()
print(f"accuracy {accuracy:.4f}")
