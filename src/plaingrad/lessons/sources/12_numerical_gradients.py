# %% [markdown] lang="en"
# # Gradients by measuring
#
# A gradient need not be derived. One can change a weight a little and look at what the
# loss does. This lesson trains a network in that way alone, says how far such a
# gradient can be trusted, and measures what backpropagation is worth: hundreds of times
# the speed. The order follows Koki Saitoh's *Deep Learning from Scratch*.

# %% [markdown] lang="zh"
# # 用测量求梯度
#
# 梯度不一定要推导。把一个权重改动一点点，看看损失怎样变化，就可以了。
# 本课只用这个办法训练一个网络，说明这样的梯度有多可信，再测一测反向传播有多大价值：
# 它要快几百倍。顺序参照斋藤康毅的《深度学习入门》。

# %% tags=["settings"]
EPOCHS = 5

# %% [markdown] lang="en"
# ## The pieces
#
# The *sigmoid* squeezes a number between 0 and 1; it will stand in the hidden layer.
# *Softmax* makes probabilities of scores and will stand at the end: all positive, with
# the sum 1. (The largest score is taken away first, so that `exp` cannot overflow; that
# changes no quotient.)

# %% [markdown] lang="zh"
# ## 零件
#
# *sigmoid* 把一个数压到 0 和 1 之间，用在隐藏层。*softmax* 把得分变成概率，用在最后：
# 全部为正，和为 1。（先减去最大的得分，`exp` 就不会溢出；这不改变商。）

# %%
import numpy as np

import plaingrad as pg


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax_of_one(scores):
    exps = np.exp(scores - scores.max())
    return exps / exps.sum()


h_of_two = sigmoid(np.array([2.0])).tolist()
probs = softmax_of_one(np.array([0.3, 2.9, 4.0]))
print("sigmoid(2.0):", h_of_two)
print("softmax:", probs.round(4), "sum", probs.sum())

# %% [markdown] lang="en"
# ## A trap: a whole batch at once
#
# Give the same function two rows of scores. It raises no error, but maximum and sum now
# run over the whole table: not each row sums to 1, but both together. The largest entry
# of each row is still the right one, so the accuracy looks fine and hides it.
#
# Each sum needs its axis. `axis=1` goes along a row, and `keepdims=True` keeps the sums
# as a column, so that each row is divided by its own.

# %% [markdown] lang="zh"
# ## 一个陷阱：一次算一整批
#
# 给同一个函数两行得分。它不报错，但最大值与和现在是对整张表取的：
# 不是每行的和为 1，而是两行加起来才是 1。每行最大的一项仍然是对的，
# 所以准确率看起来没问题，错误就藏住了。
#
# 每个求和都要写明轴。`axis=1` 沿着一行求和；`keepdims=True` 让这些和保持为一列，
# 于是每一行除以自己的和。


# %%
def softmax(scores):
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


two_rows = np.array([[0.3, 2.9, 4.0], [1.0, 1.0, 1.0]])
wrong_sums = softmax_of_one(two_rows).sum(axis=1)
right_sums = softmax(two_rows).sum(axis=1)
print("without axis:", wrong_sums.round(4))
print("with axis:   ", right_sums.round(4))

# %% [markdown] lang="en"
# The loss is the *cross-entropy*: `-log` of the probability that the right class got.
# For a batch we take the mean, not the sum, so that neither the loss nor a good
# learning rate depends on how many samples there are. `probs[np.arange(n), labels]`
# takes from each row the entry of its label.
#
# Many programs add `1e-7` before the logarithm, for fear of a probability of 0. Then
# measured and derived gradients agree less well, for the derived one leaves it out.

# %% [markdown] lang="zh"
# 损失用*交叉熵*（cross-entropy）：正确类别得到的概率，取 `-log`。
# 对一批样本，我们取平均而不是求和，这样损失的大小和合适的学习率都与样本个数无关。
# 写法 `probs[np.arange(n), labels]` 从每一行里取出标签所在的那一项。
#
# 许多程序怕概率为 0，取对数之前先加上 `1e-7`。这样一来，测量的梯度和推导的梯度
# 就没那么一致了，因为推导时并没有算上它。


# %%
def cross_entropy(probs, labels):
    n = len(labels)
    return -np.log(probs[np.arange(n), labels]).mean()


one = np.array([[0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0]])
print(f"right class has 0.6: {cross_entropy(one, [2]):.4f}")
print(f"right class has 0.1: {cross_entropy(one, [7]):.4f}")
print(f"both as a batch:     {cross_entropy(one[[0, 0]], [2, 7]):.4f}")

# %% [markdown] lang="en"
# ## The slope between two points
#
# Go a little step `h` to the right and divide the rise by `h`: the *forward
# difference*. It looks to one side only, so it is off by about half of `h` times the
# bend of the curve. The *central difference* takes a point on either side. There the
# bend does equal harm on both, and cancels.
#
# For the sigmoid we know the slope, `s * (1 - s)`, and can look at the error.

# %% [markdown] lang="zh"
# ## 两点之间的斜率
#
# 向右走一小步 `h`，把上升量除以 `h`，就是*前向差分*（forward difference）。
# 它只看一侧，所以有误差，大约是 `h` 的一半乘以曲线的弯曲程度。*中心差分*（central
# difference）在两侧各取一点。弯曲对两侧的影响相同，正好抵消。
#
# sigmoid 的斜率我们知道，是 `s * (1 - s)`，因此可以看到误差有多大。

# %%
exact = sigmoid(2.0) * (1 - sigmoid(2.0))
print(f"exact slope at 2: {exact:.10f}")
print("h        forward   central   (errors)")
for h in [1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10]:
    forward = (sigmoid(2 + h) - sigmoid(2.0)) / h
    central = (sigmoid(2 + h) - sigmoid(2 - h)) / (2 * h)
    print(f"{h:.0e}    {abs(forward - exact):.1e}   {abs(central - exact):.1e}")

# %% [markdown] lang="en"
# With a tenth of `h`, the forward error falls to a tenth and the central one to a
# hundredth. That is the *truncation error*: what is lost because `h` is not zero. But
# from some point on the error grows again. Both values are rounded to 16 digits, and of
# two nearly equal numbers only the last digits remain after subtracting; divided by a
# tiny `h`, their *rounding error* becomes large.
#
# There is a way without subtraction. Step into the *imaginary* direction: for a smooth
# function, `f(x + ih)` is about `f(x) + ih * f'(x)`, so its imaginary part, divided by
# `h`, is the slope. This *complex step* has no two numbers to subtract, and `h` may be
# as small as you like. It needs a function that can take complex numbers.

# %% [markdown] lang="zh"
# `h` 缩小到十分之一，前向差分的误差降到十分之一，中心差分的降到百分之一。
# 这是*截断误差*（truncation error）：因为 `h` 不是零而损失的部分。
# 可是到了某一处，误差又变大了。两个函数值都舍入到 16 位，两个几乎相等的数相减，
# 只剩下最后几位；再除以极小的 `h`，*舍入误差*（rounding error）就变得很大。
#
# 有一种不做减法的办法：朝*虚数*方向走一步。对光滑的函数，`f(x + ih)` 约等于
# `f(x) + ih * f'(x)`，所以它的虚部除以 `h` 就是斜率。这叫*复数步*（complex step）。
# 它没有相近的数相减，`h` 可以任意小；只是函数必须能接受复数。

# %%
steps = np.logspace(-16, 0, 65)
estimates = {
    "forward difference": (sigmoid(2 + steps) - sigmoid(2.0)) / steps,
    "central difference": (sigmoid(2 + steps) - sigmoid(2 - steps)) / (2 * steps),
    "complex step": sigmoid(2 + 1j * steps).imag / steps,
}
errors = {name: np.abs(slope - exact) for name, slope in estimates.items()}
for name, error in errors.items():
    best = error.argmin()
    print(f"{name:<19} smallest error {error[best]:.0e} at h = {steps[best]:.0e}")

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
looks = zip(errors, ["o", "s", "D"], [3.5, 4.5, 2], pg.draw.style.COLOURS)
for name, marker, size, colour in looks:
    shown = np.maximum(errors[name], 1e-17)  # a logarithm has no place for 0
    ax.loglog(steps, shown, marker=marker, ms=size, lw=1, color=colour, label=name)
ax.text(3e-12, 1e-4, "rounding", rotation=-31)
ax.text(5e-3, 1e-9, "truncation", rotation=49)
ax.axvline(1e-4, color=pg.draw.style.FAINT, lw=1, ls=":")
ax.set(xlabel="step h", ylabel="error of the slope", title="How exact a slope is")
ax.legend(frameon=False)
pg.draw.style.clean(ax)

# %% [markdown] lang="en"
# `h = 1e-4` (dotted) is a good choice for central differences: both errors are small.
#
# ## The classic slip
#
# The formula is often typed like this. `a / 2 * h` is `(a / 2) * h`, so the result is
# `h * h` times the slope: a hundred-millionth. Nothing fails, only the network does not
# learn. `pg.check_function` compares a function with what is meant to be its
# derivative:

# %% [markdown] lang="zh"
# 对中心差分来说，`h = 1e-4`（点线处）是个好选择：两种误差都小。
#
# ## 经典的笔误
#
# 这个公式常常被写成下面这样。`a / 2 * h` 其实是 `(a / 2) * h`，
# 结果是斜率的 `h * h` 倍，即一亿分之一。程序不会报错，只是网络学不动。
# 函数 `pg.check_function` 把一个函数与据称是它导数的函数作比较：


# %%
def slope_of_sigmoid(x, h=1e-4):
    return (sigmoid(x + h) - sigmoid(x - h)) / 2 * h


slip_report = pg.check_function(sigmoid, slope_of_sigmoid)
print(slip_report)

# %% [markdown] lang="en"
# ## All weights of a network
#
# Here is a network with 64 inputs (the pixels of a digit), 10 hidden units and 10
# outputs. The gradient changes one entry after the other, and computes the loss anew
# each time.

# %% [markdown] lang="zh"
# ## 网络的全部权重
#
# 下面的网络有 64 个输入（一个手写数字的像素）、10 个隐藏单元和 10 个输出。
# 求梯度时逐个改动每一项，每次都重新计算损失。

# %%
ink, digits = pg.data.digits()
(X, y), (X_test, y_test) = pg.data.split(ink.astype("float64"), digits, (0.8, 0.2))

np.random.seed(1)
start = {
    "W1": 0.1 * np.random.randn(64, 10),
    "b1": np.zeros(10),
    "W2": 0.1 * np.random.randn(10, 10),
    "b2": np.zeros(10),
}


# %%
def predict(params, X):
    a1 = sigmoid(X @ params["W1"] + params["b1"])
    return softmax(a1 @ params["W2"] + params["b2"])


def numerical_gradient(params, X, y, h=1e-4):
    grads = {name: np.zeros_like(param) for name, param in params.items()}
    for name, param in params.items():
        for place in np.ndindex(param.shape):
            kept = param[place]
            param[place] = kept + h
            above = cross_entropy(predict(params, X), y)
            param[place] = kept - h
            below = cross_entropy(predict(params, X), y)
            param[place] = kept
            grads[name][place] = (above - below) / (2 * h)
    return grads


# %% [markdown] lang="en"
# And this is backpropagation for the same network. It uses the chain rule from the end
# to the beginning, and needs no loss at all, only the probabilities.

# %% [markdown] lang="zh"
# 下面是同一个网络的反向传播（backpropagation）。它从后往前使用链式法则，
# 甚至不需要算出损失，只要有概率就行。


# %%
def backprop(params, X, y):
    a1 = sigmoid(X @ params["W1"] + params["b1"])
    dscores = softmax(a1 @ params["W2"] + params["b2"])
    dscores[np.arange(len(y)), y] -= 1
    dscores /= len(y)
    dz1 = dscores @ params["W2"].T * a1 * (1 - a1)
    return {
        "W1": X.T @ dz1,
        "b1": dz1.sum(axis=0),
        "W2": a1.T @ dscores,
        "b2": dscores.sum(axis=0),
    }


measured = numerical_gradient(start, X[:100], y[:100])
derived = backprop(start, X[:100], y[:100])
gaps = {name: np.abs(measured[name] - derived[name]).max() for name in start}
for name, gap in gaps.items():
    print(f"{name}: largest entry {np.abs(derived[name]).max():.4f}, apart {gap:.0e}")

# %% [markdown] lang="en"
# Two ways that have nothing in common give the same numbers, to eight digits or more.
# What is left is the error of measuring. There is no better test of a gradient, and it
# is what `pg.check` does.
#
# ## Training by measuring
#
# Now the same training twice, once with each gradient: same start, same mini-batches of
# 100, same learning rate. All mini-batches once are an *epoch*.

# %% [markdown] lang="zh"
# 两种毫不相干的办法给出同样的数，至少有八位相同；余下的差别，是测量本身的误差。
# 要检验梯度，这是最好的办法，`pg.check` 做的就是这件事。
#
# ## 靠测量来训练
#
# 现在把同样的训练做两遍，两种梯度各用一次：起点相同，小批量（mini-batch）相同，
# 都是 100 个样本，学习率也相同。所有的小批量都用过一遍，叫做一轮（epoch）。

# %%
import time


def train(gradient, epochs):
    params = {name: param.copy() for name, param in start.items()}
    losses, seconds = [], []
    begin = time.perf_counter()
    for _ in range(epochs):
        for first in range(0, len(X), 100):
            X_batch, y_batch = X[first : first + 100], y[first : first + 100]
            losses.append(cross_entropy(predict(params, X_batch), y_batch))
            grads = gradient(params, X_batch, y_batch)
            for name in params:
                params[name] -= 4.0 * grads[name]
            seconds.append(time.perf_counter() - begin)
    accuracy = (predict(params, X_test).argmax(axis=1) == y_test).mean()
    return np.array(losses), np.array(seconds), accuracy


slow_losses, slow_seconds, slow_accuracy = train(numerical_gradient, EPOCHS)
fast_losses, fast_seconds, fast_accuracy = train(backprop, EPOCHS)
updates = len(slow_losses)
print(f"test accuracy after {updates} updates:", end=" ")
print(f"{slow_accuracy:.3f} by measuring, {fast_accuracy:.3f} by backpropagation")
print(f"losses apart: {np.abs(slow_losses - fast_losses).max():.0e}")

# %% [markdown] lang="en"
# The same training, step by step. Only not in the same time:

# %% [markdown] lang="zh"
# 两次训练逐步相同，只是用的时间不同：

# %%
entries = sum(param.size for param in start.values())
slower = slow_seconds[-1] / fast_seconds[-1]
print(f"parameters: {entries}, so {2 * entries} losses for each update")
print(f"by measuring:       {slow_seconds[-1] / updates * 1e3:8.2f} ms for an update")
print(f"by backpropagation: {fast_seconds[-1] / updates * 1e3:8.2f} ms")
print(f"measuring takes {slower:,.0f} times as long")

long_losses, long_seconds, long_accuracy = train(backprop, 60)
print(f"{len(long_losses)} updates by backpropagation take {long_seconds[-1]:.2f} s")
print(f"test accuracy after them: {long_accuracy:.3f}")

# %%
import matplotlib.pyplot as plt

blue, orange = pg.draw.style.COLOURS[:2]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.8), layout="constrained", sharey=True)
figure.suptitle("The same training by measuring and by backpropagation")
counted = np.arange(1, updates + 1)
axes[0].plot(counted, fast_losses, color=blue, lw=2, label="backpropagation")
axes[0].plot(counted, slow_losses, "o", color=orange, ms=3.5, label="measuring")
axes[0].set(xlabel="updates", ylabel="loss of the mini-batch")
axes[0].legend(frameon=False)
axes[1].plot(long_seconds, long_losses, color=blue, lw=1)
axes[1].plot(slow_seconds, slow_losses, "o", color=orange, ms=3.5)
axes[1].set(xlabel="seconds", xscale="log")
for ax in axes:
    pg.draw.style.clean(ax)

# %% [markdown] lang="en"
# Measuring computes the loss twice for each parameter; backpropagation goes there and
# back once, however many parameters there are. So the factor grows with the network. A
# network of 784, 50 and 10 units has 39,760 parameters, and one update by measuring
# needs 79,520 losses. Measuring is for tests, backpropagation for training.
#
# ## The same in plaingrad
#
# Our weights, our batches in our order:

# %% [markdown] lang="zh"
# 测量要为每个参数计算两次损失；反向传播不论有多少参数，都只要去一趟、回一趟。
# 所以网络越大，差距越大。一个 784、50、10 个单元的网络有 39760 个参数，
# 靠测量更新一次就要计算 79520 次损失。测量用来检验，反向传播用来训练。
#
# ## 用 plaingrad 写
#
# 换上我们的权重，按我们的顺序取小批量：

# %%
net = pg.Sequential(pg.Linear(10), pg.Sigmoid(), pg.Linear(10))
net.build(X, dtype="float64")
for name, values in start.items():
    net.params[name][:] = values

settings = {"optimizer": pg.SGD(lr=4.0), "batch_size": 100, "shuffle": False}
history = net.fit(X, y, epochs=EPOCHS, warm_start=True, dtype="float64", **settings)
for name, losses in [("measuring", slow_losses), ("backpropagation", fast_losses)]:
    apart = np.abs(losses - history.batch_loss).max()
    print(f"losses of plaingrad and by {name}: {apart:.0e} apart")
print(f"test accuracy {net.score(X_test, y_test):.3f}")

# %% [markdown] lang="en"
# plaingrad trains by backpropagation, and proves its gradients by measuring.
# `net.prove` uses the complex step, so it can ask for agreement to the last digits.

# %% [markdown] lang="zh"
# plaingrad 用反向传播来训练，用测量来证明梯度。`net.prove` 使用复数步，
# 因此可以要求一致到最后几位。

# %%
certificate = net.prove(X, y)
for row in certificate.rows:
    print(f"{row.name:<3} {row.method}: largest error {row.error:.0e}, {row.verdict}")

# %% [markdown] lang="en" tags=["question"]
# Many programs compute in float32, which has 7 digits in place of 16. Use the central
# difference with `h = 1e-4` there. How many digits of the slope are right, and which
# `h` is better?
#
# ---
#
# Two or three digits. A value near 1 is rounded by up to 6e-8; for two of them, divided
# by `2 * h`, that can make 6e-4, where the slope is 0.105. A larger `h` divides by
# more: with `h = 1e-2` rounding does a hundredth of that harm, and truncation (about
# 1e-6) is still smaller. Better still, measure in float64 even if you train in
# float32, as `pg.check` and `net.prove` do.

# %% [markdown] lang="zh" tags=["question"]
# 许多程序用 float32 计算，它只有 7 位数字，而不是 16 位。
# 在 float32 中用中心差分，取 `h = 1e-4`，斜率有几位是对的？`h` 取多少更好？
#
# ---
#
# 两三位。接近 1 的数，舍入误差可达 6e-8；两个这样的数相减，再除以 `2 * h`，
# 误差就可能达到 6e-4，而斜率只有 0.105。`h` 大一些，除数就大一些：取 `h = 1e-2` 时，
# 舍入的影响只有原来的百分之一，截断误差（约 1e-6）仍然更小。
# 更好的办法是：即使用 float32 训练，也用 float64 测量，
# 就像 `pg.check` 和 `net.prove` 那样。
