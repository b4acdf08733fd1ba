import numpy as np
np.random.seed(1)
X = np.random.randn(80, 3)
y = (X @ np.array([[1.], [2.], [-1.]])) + 0.1
W, b = np.zeros((3, 1)), np.zeros((1,))
vW, vb = np.zeros_like(W), np.zeros_like(b)
mu, lr = 0.9, 0.01
for epoch in range(100):
    idx = np.random.permutation(80)
    total = 0
    for k in range(0, 80, 16):
        xb, yb = X[idx[k:k+16]], y[idx[k:k+16]]
        pred = xb @ W + b
        diff = pred - yb
        total += (diff ** 2).mean()
        gW = 2 * xb.T @ diff / len(xb)
        gb = 2 * diff.mean(axis=0)
        vW = mu * vW - lr * gW
        vb = mu * vb - lr * gb
        W += vW
        b += vb
    print(epoch, total / 5)
