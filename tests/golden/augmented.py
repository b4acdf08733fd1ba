"""Sequential(RandomFlip(), RandomTranslation(2), Conv2d(3, 3), ReLU(), Flatten(),
Linear(2)),
printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train, y_train = data["X"].astype(np.float32), data["y"]  # (N, 8, 8, 1), (N,)
epochs, batch_size, seed = 3, 5, 0
lr, beta1, beta2, eps = 0.001, 0.9, 0.999, 1e-08


def uniform(count, *key):  # numbers in [0, 1), a pure function of the key
    def mix(x):
        x = (x ^ x >> 16) * 0x7FEB352D
        x = (x ^ x >> 15) * 0x846CA68B
        return x ^ x >> 16

    start = np.array([0x9E3779B9], np.uint32)
    for word in key:
        start = mix(start ^ word)
    x = mix(start + np.arange(count, dtype=np.uint32) * (mix(start) | 1))
    return (x >> 8).astype(np.float32) / 2**24


rng = np.random.default_rng(seed)  # parameters
W1 = rng.normal(0, (2 / 9) ** 0.5, (3, 3, 1, 3)).astype(np.float32)  # He
b1 = np.zeros(3, np.float32)
W2 = rng.normal(0, (2 / (108 + 2)) ** 0.5, (108, 2)).astype(np.float32)  # Glorot
b2 = np.zeros(2, np.float32)
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
        flip0 = uniform(n, seed, step, 1) < 0.5  # (n,)
        flipped0 = np.where(flip0[:, None, None, None], X[:, :, ::-1], X)
        padded0 = np.pad(flipped0, [(0, 0), (2, 2), (2, 2), (0, 0)])  # (n, 12, 12, 1)
        top0 = np.floor(5 * uniform(n, seed, step, 2)).astype(int)  # (n,)
        rows0 = top0[:, None, None] + np.arange(8)[:, None]  # (n, 8, 1)
        left0 = np.floor(5 * uniform(n, seed, step, 3)).astype(int)  # (n,)
        columns0 = left0[:, None, None] + np.arange(8)  # (n, 1, 8)
        shifted0 = padded0[np.arange(n)[:, None, None], rows0, columns0]  # (n, 8, 8, 1)
        patches1 = np.stack([
            shifted0[:, i:i+6, j:j+6] for i in range(3) for j in range(3)
        ], axis=3)                               # (n, 6, 6, 9, 1)
        sums1 = patches1.reshape(-1, 9) @ W1.reshape(9, 3)  # (n*36, 3)
        z1 = sums1.reshape(n, 6, 6, 3) + b1      # (n, 6, 6, 3)
        a1 = np.maximum(z1, 0)                   # (n, 6, 6, 3)  ReLU
        f1 = a1.reshape(n, 108)                  # (n, 108)
        scores = f1 @ W2 + b2                    # (n, 2)
        # loss
        onehot = np.eye(2, dtype=np.float32)[y]  # (n, 2)
        shifted = scores - scores.max(axis=1, keepdims=True)  # (n, 2)
        logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -(onehot * logprobs).sum() / n
        # backward
        dscores = (np.exp(logprobs) - onehot) / n  # (n, 2)
        dW2 = f1.T @ dscores                       # (108, 2)
        db2 = dscores.sum(axis=0)                  # (2,)
        dz1 = (dscores @ W2.T).reshape(n, 6, 6, 3) * (z1 > 0)  # (n, 6, 6, 3)
        dkernels1 = patches1.reshape(-1, 9).T @ dz1.reshape(-1, 3)  # (9, 3)
        dW1 = dkernels1.reshape(3, 3, 1, 3)        # (3, 3, 1, 3)
        db1 = dz1.sum(axis=(0, 1, 2))              # (3,)
        # update
        grads = [dW1, db1, dW2, db2]
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
patches1 = np.stack([
    X[:, i:i+6, j:j+6] for i in range(3) for j in range(3)
], axis=3)                             # (n, 6, 6, 9, 1)
sums1 = patches1.reshape(-1, 9) @ W1.reshape(9, 3)  # (n*36, 3)
z1 = sums1.reshape(n, 6, 6, 3) + b1    # (n, 6, 6, 3)
a1 = np.maximum(z1, 0)                 # (n, 6, 6, 3)  ReLU
scores = a1.reshape(n, 108) @ W2 + b2  # (n, 2)
accuracy = (scores.argmax(axis=1) == y).mean()
print(f"accuracy {accuracy:.4f}")
