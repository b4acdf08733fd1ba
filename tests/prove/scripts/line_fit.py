# y = w x + b, in plain Python
data = [(1.0, 3.1), (2.0, 4.9), (3.0, 7.2), (4.0, 8.8)]
w = 0.0
b = 0.0
lr = 0.02
for epoch in range(100):
    total = 0.0
    grad_w = 0.0
    grad_b = 0.0
    for x, t in data:
        y = w * x + b
        loss = (y - t) ** 2
        total += loss
        grad_w += 2 * (y - t) * x
        grad_b += 2 * (y - t)
    w -= lr * grad_w / len(data)
    b -= lr * grad_b / len(data)
    if epoch % 20 == 0:
        print(epoch, total / len(data))
