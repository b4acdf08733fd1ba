import numpy as np

np.random.seed(3)
X = np.random.randn(50, 4)
y = (X.sum(axis=1) > 0).astype(int)
W1, b1 = np.random.randn(4, 6) * 0.3, np.zeros(6)
W2, b2 = np.random.randn(6, 2) * 0.3, np.zeros(2)
weights = [W1, b1, W2, b2]
m = [np.zeros_like(w) for w in weights]
v = [np.zeros_like(w) for w in weights]
lr, beta1, beta2, eps = 0.01, 0.9, 0.999, 1e-8
for t in range(1, 101):
    z1 = X @ W1 + b1
    a1 = np.maximum(z1, 0)
    scores = a1 @ W2 + b2
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(50), y]).mean()
    d = p.copy()
    d[np.arange(50), y] -= 1
    d /= 50
    dW2, db2 = a1.T @ d, d.sum(0)
    dz1 = (d @ W2.T) * (z1 > 0)
    dW1, db1 = X.T @ dz1, dz1.sum(0)
    for k, g in enumerate([dW1, db1, dW2, db2]):
        m[k] = beta1 * m[k] + (1 - beta1) * g
        v[k] = beta2 * v[k] + (1 - beta2) * g * g
        weights[k] -= lr * (m[k] / (1 - beta1**t)) / (np.sqrt(v[k] / (1 - beta2**t)) + eps)
    if t % 20 == 0:
        print("loss", loss)
