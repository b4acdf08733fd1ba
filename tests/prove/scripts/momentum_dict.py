import numpy as np

rng = np.random.default_rng(5)
X = rng.normal(size=(64, 3))
Y = np.sin(X[:, :1]) + 0.5 * X[:, 1:2]
params = {
    "W1": rng.normal(size=(3, 8)) * 0.5, "b1": np.zeros(8),
    "W2": rng.normal(size=(8, 1)) * 0.5, "b2": np.zeros(1),
}
velocity = {k: np.zeros_like(v) for k, v in params.items()}


def forward(x, p):
    h = np.tanh(x @ p["W1"] + p["b1"])
    return h, h @ p["W2"] + p["b2"]


def backward(x, y, p):
    h, out = forward(x, p)
    dout = 2 * (out - y) / len(x)
    dz = (dout @ p["W2"].T) * (1 - h**2)
    return {"W2": h.T @ dout, "b2": dout.sum(axis=0), "W1": x.T @ dz, "b1": dz.sum(axis=0)}


lr, mu = 0.05, 0.9
for epoch in range(50):
    order = rng.permutation(len(X))
    for start in range(0, len(X), 16):
        rows = order[start : start + 16]
        grads = backward(X[rows], Y[rows], params)
        for name in params:
            velocity[name] = mu * velocity[name] - lr * grads[name]
            params[name] += velocity[name]
    loss = np.mean((forward(X, params)[1] - Y) ** 2)
    if epoch % 10 == 0:
        print(f"epoch {epoch}: loss {loss:.4f}")
