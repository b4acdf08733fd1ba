"""Sequential(Conv2d(2, 3), RandomRotation(30), RandomCrop((5, 4), padding=1,
fill='edge'), GaussianNoise(0.1), Flatten(), Linear(2)),
printed by plaingrad."""

import numpy as np

data = np.load("data.npz")
X_train, y_train = data["X"].astype(np.float32), data["y"]  # (N, 8, 8, 3), (N,)
epochs, batch_size, seed = 3, 5, 5
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
W1 = rng.normal(0, (2 / (27 + 18)) ** 0.5, (3, 3, 3, 2)).astype(np.float32)  # Glorot
b1 = np.zeros(2, np.float32)
W2 = rng.normal(0, (2 / (40 + 2)) ** 0.5, (40, 2)).astype(np.float32)  # Glorot
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
        patches1 = np.stack([
            X[:, i:i+6, j:j+6] for i in range(3) for j in range(3)
        ], axis=3)                                     # (n, 6, 6, 9, 3)
        sums1 = patches1.reshape(-1, 27) @ W1.reshape(27, 2)  # (n*36, 2)
        z1 = sums1.reshape(n, 6, 6, 2) + b1            # (n, 6, 6, 2)
        diff = 2 * uniform(n, seed, step, 1).reshape(n, 1, 1) - 1  # (n, 1, 1)
        angle1 = 0.5235987755982988 * diff             # (n, 1, 1)
        cos1 = np.cos(angle1)                          # (n, 1, 1)
        down1 = np.arange(6, dtype=np.float32)[:, None] - 2.5  # (6, 1)
        sin1 = np.sin(angle1)                          # (n, 1, 1)
        right1 = np.arange(6, dtype=np.float32) - 2.5  # (6,)
        y1 = np.clip(cos1 * down1 + sin1 * right1 + 3.5, 0, 7)  # (n, 6, 6)
        y_floor1 = np.floor(y1)                        # (n, 6, 6)
        diff1 = y1 - y_floor1                          # (n, 6, 6)
        y_share1 = diff1[:, :, :, None]                # (n, 6, 6, 1)
        x1 = np.clip(cos1 * right1 - sin1 * down1 + 3.5, 0, 7)  # (n, 6, 6)
        x_floor1 = np.floor(x1)                        # (n, 6, 6)
        diff1_2 = x1 - x_floor1                        # (n, 6, 6)
        x_share1 = diff1_2[:, :, :, None]              # (n, 6, 6, 1)
        diff1_3 = 1 - x_share1                         # (n, 6, 6, 1)
        padded1 = np.pad(z1, [(0, 0), (1, 1), (1, 1), (0, 0)])  # (n, 8, 8, 2)
        samples1 = np.arange(n)[:, None, None]         # (n, 1, 1)
        y_before1 = y_floor1.astype(int)               # (n, 6, 6)
        x_before1 = x_floor1.astype(int)               # (n, 6, 6)
        x_behind1 = np.minimum(x_floor1 + 1, 7).astype(int)  # (n, 6, 6)
        product1 = x_share1 * padded1[samples1, y_before1, x_behind1]  # (n, 6, 6, 2)
        upper1 = diff1_3 * padded1[samples1, y_before1, x_before1] + product1
        y_behind1 = np.minimum(y_floor1 + 1, 7).astype(int)  # (n, 6, 6)
        product1_2 = x_share1 * padded1[samples1, y_behind1, x_behind1]  # (n, 6, 6, 2)
        lower1 = diff1_3 * padded1[samples1, y_behind1, x_before1] + product1_2
        rotated1 = (1 - y_share1) * upper1 + y_share1 * lower1  # (n, 6, 6, 2)
        top1 = np.floor(4 * uniform(n, seed, step, 2)) - 1  # (n,)
        added1 = top1[:, None, None] + np.arange(5, dtype=np.float32)[:, None]
        clipped1 = np.clip(added1, 0, 5)               # (n, 5, 1)
        rows1 = clipped1.astype(int)                   # (n, 5, 1)
        left1 = np.floor(5 * uniform(n, seed, step, 3)) - 1  # (n,)
        added1_2 = left1[:, None, None] + np.arange(4, dtype=np.float32)  # (n, 1, 4)
        columns1 = np.clip(added1_2, 0, 5).astype(int)  # (n, 1, 4)
        cropped1 = rotated1[samples1, rows1, columns1]  # (n, 5, 4, 2)  random crop
        diff_2 = 1 - uniform(n * 40, seed, step, 4).reshape(n, 5, 4, 2)  # (n, 5, 4, 2)
        u = uniform(n * 40, seed, step, 5).reshape(n, 5, 4, 2)  # (n, 5, 4, 2)
        noise1 = np.sqrt(-2 * np.log(diff_2)) * np.cos(2 * np.pi * u)  # (n, 5, 4, 2)
        noisy1 = cropped1 + 0.1 * noise1               # (n, 5, 4, 2)  Gaussian noise
        f1 = noisy1.reshape(n, 40)                     # (n, 40)
        scores = f1 @ W2 + b2                          # (n, 2)
        # loss
        onehot = np.eye(2, dtype=np.float32)[y]  # (n, 2)
        shifted = scores - scores.max(axis=1, keepdims=True)  # (n, 2)
        logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -(onehot * logprobs).sum() / n
        # backward
        dscores = (np.exp(logprobs) - onehot) / n      # (n, 2)
        dW2 = f1.T @ dscores                           # (40, 2)
        db2 = dscores.sum(axis=0)                      # (2,)
        dcropped1 = (dscores @ W2.T).reshape(n, 5, 4, 2)  # (n, 5, 4, 2)
        drotated1 = np.zeros((n, 6, 6, 2), np.float32)
        np.add.at(drotated1, (samples1, rows1, columns1), dcropped1)
        dupper1 = drotated1 * (1 - y_share1)           # (n, 6, 6, 2)
        placed1 = np.zeros((n, 8, 8, 2), np.float32)
        np.add.at(placed1, (samples1, y_before1, x_before1), dupper1 * diff1_3)
        placed1_2 = np.zeros((n, 8, 8, 2), np.float32)
        np.add.at(placed1_2, (samples1, y_before1, x_behind1), dupper1 * x_share1)
        dlower1 = drotated1 * y_share1                 # (n, 6, 6, 2)
        placed1_3 = np.zeros((n, 8, 8, 2), np.float32)
        np.add.at(placed1_3, (samples1, y_behind1, x_before1), dlower1 * diff1_3)
        placed1_4 = np.zeros((n, 8, 8, 2), np.float32)
        np.add.at(placed1_4, (samples1, y_behind1, x_behind1), dlower1 * x_share1)
        dpadded1 = placed1 + placed1_2 + placed1_3 + placed1_4  # (n, 8, 8, 2)
        dsums1 = dpadded1[:, 1:7, 1:7].reshape(-1, 2)  # (n*36, 2)
        dkernels1 = patches1.reshape(-1, 27).T @ dsums1  # (27, 2)
        dW1 = dkernels1.reshape(3, 3, 3, 2)            # (3, 3, 3, 2)
        db1 = dpadded1[:, 1:7, 1:7].sum(axis=(0, 1, 2))  # (2,)
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
], axis=3)                                  # (n, 6, 6, 9, 3)
sums1 = patches1.reshape(-1, 27) @ W1.reshape(27, 2)  # (n*36, 2)
z1 = sums1.reshape(n, 6, 6, 2) + b1         # (n, 6, 6, 2)
cropped1 = z1[:, :5, 1:5]                   # (n, 5, 4, 2)  random crop
scores = cropped1.reshape(n, 40) @ W2 + b2  # (n, 2)
accuracy = (scores.argmax(axis=1) == y).mean()
print(f"accuracy {accuracy:.4f}")
