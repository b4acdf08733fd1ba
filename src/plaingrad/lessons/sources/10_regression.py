# %% [markdown] lang="en"
# # Regression: a curve through ten points
#
# A network that predicts a number instead of a class does *regression*. The smallest
# interesting one has one input, three hidden units and one output. It is small enough
# to follow every matrix through it, derive every gradient by hand, and see in the
# finished curve what each hidden unit does, or why it does nothing any more.

# %% [markdown] lang="zh"
# # 回归：穿过十个点的曲线
#
# 预测的不是类别而是一个数，叫做*回归*（regression）。最小而又有意思的网络有一个输入、
# 三个隐藏单元和一个输出。它小到可以跟着每个矩阵走一遍，亲手推出每个梯度，
# 并在学成的曲线上看出每个隐藏单元做了什么，或者为什么它再也不做什么了。

# %%
import numpy as np

np.random.seed(1)
x = np.linspace(-2, 2, 10)[:, None]  # ten points, one input each
noise = 0.1 * np.random.randn(10, 1)
y = np.sin(2 * x) + noise
print(np.column_stack([x, y]).round(2))
print(f"mean square of the noise: {(noise**2).mean():.4f}")

# %% [markdown] lang="en"
# The points lie on a sine, moved up and down by noise. A perfect curve would miss them
# by the noise; a *cost* (mean squared error) below that number means that the curve
# follows the noise as well.
#
# ## Forwards
#
# Two layers with weights and biases, ReLU between them. We write down all shapes, for
# they say how things fit together. In `(10, 3)` there are ten rows, one for each point,
# and three columns, one for each unit. Along the way the number of rows stays; a weight
# matrix turns its number of inputs into its number of outputs.
#
# | step | code | shapes |
# | --- | --- | --- |
# | weighted sums | `z1 = x @ W1 + b1` | (10, 1) @ (1, 3) + (3,) = (10, 3) |
# | ReLU | `a1 = np.maximum(z1, 0)` | (10, 3) |
# | prediction | `pred = a1 @ W2 + b2` | (10, 3) @ (3, 1) + (1,) = (10, 1) |
# | cost | `((pred - y) ** 2).mean()` | one number |

# %% [markdown] lang="zh"
# 这些点落在一条正弦曲线上，又被噪声（noise）上下挪动。完美的曲线与点的差就是噪声；
# 如果*代价*（cost，即均方误差）比噪声的均方还小，说明曲线连噪声也跟着学了。
#
# ## 正向
#
# 两层，有权重和偏置，中间是 ReLU。我们把所有形状都写下来，
# 因为形状说明了各部分如何衔接。形状 `(10, 3)` 有十行，每个点一行；有三列，
# 每个单元一列。一路上行数不变，权重矩阵把它的输入个数变成它的输出个数。
#
# | 步骤 | 代码 | 形状 |
# | --- | --- | --- |
# | 加权和 | `z1 = x @ W1 + b1` | (10, 1) @ (1, 3) + (3,) = (10, 3) |
# | ReLU | `a1 = np.maximum(z1, 0)` | (10, 3) |
# | 预测 | `pred = a1 @ W2 + b2` | (10, 3) @ (3, 1) + (1,) = (10, 1) |
# | 代价 | `((pred - y) ** 2).mean()` | 一个数 |

# %%
np.random.seed(47)
W1, b1 = np.random.randn(1, 3), np.zeros(3)
W2, b2 = np.random.randn(3, 1), np.zeros(1)
start = [W1, b1, W2, b2]

z1 = x @ W1 + b1
a1 = np.maximum(z1, 0)
pred = a1 @ W2 + b2
cost = ((pred - y) ** 2).mean()
print("W1", W1.round(2), " W2", W2.ravel().round(2), f" cost {cost:.4f}")

# %% [markdown] lang="en"
# ## Backwards, by hand
#
# We go from the cost to the start, and ask of every value: how much does the cost
# change with it? That is its gradient, and it has the shape of the value. We call the
# gradient of `pred` `dpred`, and so on; `n` is 10.
#
# 1. The cost is the mean of `(pred - y) ** 2`. Each entry of `pred` sits in one of the
#    `n` squares, so `dpred = 2 * (pred - y) / n`.
# 2. The weight `W2[j]` multiplies `a1[i, j]` in row `i`. What it changes there counts
#    `dpred[i]`, and all rows add up: `dW2[j]` is the sum over `i` of
#    `a1[i, j] * dpred[i]`. That is the matrix product `a1.T @ dpred`.
# 3. `b2` is added in each row: `db2` is the sum of `dpred` over the rows.
# 4. `a1[i, j]` counts `W2[j]` in the prediction of its row: `da1 = dpred @ W2.T`.
# 5. ReLU passes on where `z1` is positive, elsewhere nothing: `dz1 = da1 * (z1 > 0)`.
# 6. The first layer is like the second: `dW1 = x.T @ dz1`, and `db1` sums over rows.
#
# | gradient | code | shapes |
# | --- | --- | --- |
# | `dpred` | `2 * (pred - y) / n` | (10, 1) |
# | `dW2` | `a1.T @ dpred` | (3, 10) @ (10, 1) = (3, 1) |
# | `db2` | `dpred.sum(axis=0)` | (1,) |
# | `dz1` | `(dpred @ W2.T) * (z1 > 0)` | (10, 1) @ (1, 3) = (10, 3) |
# | `dW1` | `x.T @ dz1` | (1, 10) @ (10, 3) = (1, 3) |
# | `db1` | `dz1.sum(axis=0)` | (3,) |
#
# If you forget where a transpose goes: only one way makes the shapes fit.

# %% [markdown] lang="zh"
# ## 反向，亲手推导
#
# 我们从代价往回走，对每个值都问：它变一点，代价变多少？这就是它的梯度（gradient），
# 形状与这个值相同。`pred` 的梯度记作 `dpred`，其余类推；`n` 是 10。
#
# 1. 代价是 `(pred - y) ** 2` 的平均。`pred` 的每个数只在 `n` 个平方中的一个里，
#    所以 `dpred = 2 * (pred - y) / n`。
# 2. 权重 `W2[j]` 在第 `i` 行乘的是 `a1[i, j]`。它在那里引起的变化要乘以 `dpred[i]`，
#    各行相加：`dW2[j]` 是 `a1[i, j] * dpred[i]` 对 `i` 求和，也就是矩阵乘积
#    `a1.T @ dpred`。
# 3. `b2` 加在每一行上，所以 `db2` 是 `dpred` 对各行求和。
# 4. `a1[i, j]` 在本行的预测中占 `W2[j]` 的分量：`da1 = dpred @ W2.T`。
# 5. ReLU 在 `z1` 为正处原样传递，别处不传：`dz1 = da1 * (z1 > 0)`。
# 6. 第一层与第二层一样：`dW1 = x.T @ dz1`，`db1` 是对各行求和。
#
# | 梯度 | 代码 | 形状 |
# | --- | --- | --- |
# | `dpred` | `2 * (pred - y) / n` | (10, 1) |
# | `dW2` | `a1.T @ dpred` | (3, 10) @ (10, 1) = (3, 1) |
# | `db2` | `dpred.sum(axis=0)` | (1,) |
# | `dz1` | `(dpred @ W2.T) * (z1 > 0)` | (10, 1) @ (1, 3) = (10, 3) |
# | `dW1` | `x.T @ dz1` | (1, 10) @ (10, 3) = (1, 3) |
# | `db1` | `dz1.sum(axis=0)` | (3,) |
#
# 忘了转置该放在哪里也不要紧：只有一种放法能让形状对上。


# %%
def train(start, lr, steps):
    W1, b1, W2, b2 = start
    n, costs = len(x), []
    for _ in range(steps):
        z1 = x @ W1 + b1
        a1 = np.maximum(z1, 0)
        pred = a1 @ W2 + b2
        costs.append(((pred - y) ** 2).mean())

        dpred = 2 * (pred - y) / n
        dW2, db2 = a1.T @ dpred, dpred.sum(axis=0)
        dz1 = (dpred @ W2.T) * (z1 > 0)
        dW1, db1 = x.T @ dz1, dz1.sum(axis=0)
        W1, b1 = W1 - lr * dW1, b1 - lr * db1
        W2, b2 = W2 - lr * dW2, b2 - lr * db2
    return [W1, b1, W2, b2], costs


trained, costs = train(start, lr=0.1, steps=200)
for step in range(0, 200, 10):
    print(f"step {step:>3}: cost {costs[step]:.4f}")

# %% [markdown] lang="en"
# In the end the cost is below the noise. Nothing to be proud of: this network has ten
# numbers to adjust, for ten points. It can learn the noise, too.
#
# ## The same in plaingrad
#
# The same layers, the same start. `fit` sees that the targets are floats and chooses
# the mean squared error.

# %% [markdown] lang="zh"
# 最后，代价比噪声还小。这没什么可自豪的：这个网络有十个可调的数，而点也是十个，
# 它连噪声也能学进去。
#
# ## 用 plaingrad 来写
#
# 同样的层，同样的起点。`fit` 看到目标是小数，就选了均方误差。

# %%
import plaingrad as pg

net = pg.Sequential(pg.Linear(3), pg.ReLU(), pg.Linear(1)).build(x, dtype="float64")
for name, value in zip(["W1", "b1", "W2", "b2"], start):
    net.params[name][:] = value
history = net.fit(
    x,
    y,
    optimizer=pg.SGD(lr=0.1),
    epochs=200,
    batch_size=None,
    warm_start=True,
    dtype="float64",
)
print(history.chosen[0])

differences = {"costs": np.abs(np.array(history.loss) - costs).max()}
for name, value in zip(["W1", "b1", "W2", "b2"], trained):
    differences[name] = np.abs(net.params[name] - value).max()
for name, difference in differences.items():
    print(f"{name:<5} largest difference {difference:.1g}")

# %% [markdown] lang="en"
# It also derives the gradients, in the steps that we took. This is its section on
# `dz1`, as LaTeX; `net.derivation(html=True)` makes a page with set formulas of all of
# them. The last formula has every gradient before it put in: read from the right, it is
# the way back from the prediction to `z1`.

# %% [markdown] lang="zh"
# 梯度它也能推导，步骤和我们的一样。下面是 `dz1` 那一节，写成 LaTeX；
# 用 `net.derivation(html=True)` 可以得到一张网页，全部公式都排好版。
# 最后一个公式把前面的梯度全部代入了，它就是从预测回到 `z1` 的路。

# %%
sections = net.derivation().split("### ")
section = next(text for text in sections if "`dz1`" in text.partition("\n")[0])
print(*[line for line in section.splitlines() if line not in ("", "$$")], sep="\n")

# %%
certificate = net.prove()
for row in certificate.rows:
    print(f"d{row.name:<3} largest error {row.error:.1g}, {row.verdict}")

# %% [markdown] lang="en"
# ## The curve, and its kinks
#
# Each hidden unit is a straight line in `x` that ReLU cuts off where `z1` is zero: at
# `x = -b1 / W1`. So the prediction is made of straight pieces, with a *kink* where a
# unit switches on or off. Three units, at most three kinks, four pieces.

# %% [markdown] lang="zh"
# ## 曲线和它的折点
#
# 每个隐藏单元都是 `x` 的一条直线，ReLU 在 `z1` 为零处，即 `x = -b1 / W1` 处把它截断。
# 所以预测由一段段直线组成，在单元开启或关闭的地方有一个*折点*（kink）。
# 三个单元，至多三个折点，四段直线。

# %%
W1, b1, W2, b2 = trained
kinks = (-b1 / W1).ravel()
for unit in range(3):
    side = "right" if W1[0, unit] > 0 else "left"
    slope = W1[0, unit] * W2[unit, 0]
    print(f"unit {unit}: on {side} of {kinks[unit]:.2f}, adds a slope of {slope:.2f}")

# %%
import matplotlib.pyplot as plt

blue, orange, grey = (pg.draw.style.COLOURS[place] for place in (0, 1, 9))
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
figure.suptitle("A network of three hidden units learns ten points")
left.plot(costs, color=blue)
left.axhline((noise**2).mean(), color=pg.draw.style.FAINT, linestyle=":")
left.text(0, 1.05 * (noise**2).mean(), "mean square of the noise")
left.set(xlabel="step", ylabel="cost", yscale="log", title="The cost of 200 steps")
pg.draw.style.clean(left)

line = np.linspace(-2.2, 2.2, 441)[:, None]
curves = {"start": start, "after 200 steps": trained}
for colour, (name, (W1, b1, W2, b2)) in zip([grey, blue], curves.items()):
    curve = np.maximum(line @ W1 + b1, 0) @ W2 + b2
    right.plot(line, curve, color=colour, label=name, linewidth=2)
for unit, kink in enumerate(kinks):
    right.axvline(kink, color=pg.draw.style.FAINT, linestyle=":", zorder=0)
    side = "right" if unit == 0 else "left"
    right.text(kink, 1.7, f" unit {unit} ", ha=side)
right.scatter(x, y, color=orange, zorder=3, label="the ten points")
right.set(xlabel="x", ylabel="y", title="The fitted curve, and where units switch")
right.set_ylim(-1.6, 2)
right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=3, frameon=False)
pg.draw.style.clean(right)

# %% [markdown] lang="en"
# At the start, all kinks are at 0, since the biases are. Training has moved them to
# where the sine turns, at -0.79 and 0.79. On the left two units share the work; between
# their kinks none is on, and the curve is flat.
#
# ## Dead units
#
# That went well because the start was a good one. Here is another:

# %% [markdown] lang="zh"
# 开始时，偏置是 0，所以折点都在 0 处。训练把它们移到了正弦曲线转弯的地方，
# 即 -0.79 和 0.79 处。
# 左边的弯由两个单元分担；在它们的折点之间没有单元是开着的，曲线是平的。
#
# ## 死掉的单元
#
# 这次顺利，是因为起点选得好。换一个起点：


# %%
def start_from(seed, units=3):
    np.random.seed(seed)
    W1, W2 = np.random.randn(1, units), np.random.randn(units, 1)
    return [W1, np.zeros(units), W2, np.zeros(1)]


for lr in (0.1, 0.05):
    (W1, b1, W2, b2), run_costs = train(start_from(8), lr, steps=200)
    on = (x @ W1 + b1 > 0).sum(axis=0)
    print(f"lr {lr}: cost {run_costs[0]:.2f} at first, {run_costs[-1]:.4f} at last")
    print("  weights W1", W1.ravel().round(2), "kinks", (-b1 / W1).ravel().round(2))
    print("  number of points at which each unit is on:", on)
print(f"cost of always predicting the mean of y: {y.var():.4f}")

# %% [markdown] lang="en"
# With the learning rate 0.1, all three kinks end up beyond the points, and each unit is
# off where the points are. Such a unit is *dead*: `z1 > 0` is false in every row, so
# its gradients are exactly 0, and nothing will ever move it again. With all units dead,
# the network can only predict one number, the mean.
#
# The same start with half the learning rate finds the curve. What kills a unit is a
# step that throws it too far, and the first steps, from large errors, are the largest.
# How often does it happen? We try a hundred starts; then smaller steps (five times as
# many); then ten hidden units.

# %% [markdown] lang="zh"
# 学习率取 0.1 时，三个折点最后都落在这些点之外，每个单元在有点的地方都关着。
# 这样的单元*死*了（dead）：不等式 `z1 > 0` 在每一行都不成立，梯度恰好是 0，
# 从此再没有什么能推动它。单元全死了，网络就只能预测同一个数：平均值。
#
# 同一个起点，学习率减半，就找到了曲线。使单元死掉的是把它甩得太远的一步，
# 而开头误差大，步子也最大。这种事有多常见？
# 我们试一百个起点；再试小一些的步子（步数是五倍）；再试十个隐藏单元。

# %%
print("units    lr  steps  with a dead unit  cost below 0.05  median cost")
survey = {}
for units, lr, steps in [(3, 0.1, 200), (3, 0.02, 1000), (10, 0.02, 1000)]:
    dead, last = [], []
    for seed in range(100):
        (W1, b1, _, _), run_costs = train(start_from(seed, units), lr, steps)
        dead.append(((x @ W1 + b1) <= 0).all(axis=0).sum())
        last.append(run_costs[-1])
    dead, last = np.array(dead), np.array(last)
    survey[units, lr] = (dead > 0).sum(), (last < 0.05).sum(), np.median(last)
    print(f"{units:>5}  {lr:>4}  {steps:>5}  {survey[units, lr][0]:>16}", end="")
    print(f"  {survey[units, lr][1]:>15}  {survey[units, lr][2]:>11.4f}")

# %% [markdown] lang="en"
# With three units, about one start in eight finds the curve, and our good one was
# picked from these. Smaller steps kill fewer units, but help little otherwise: in most
# runs no unit is dead, yet kinks are in the wrong places, and no small move makes it
# better. What helps is *more units*. Of ten, some die as well, and it does not matter:
# there are enough others. So real networks are far wider than they would have to be.

# %% [markdown] lang="zh"
# 用三个单元时，大约八个起点中只有一个能找到这条曲线，上面那个好的起点就是挑出来的。
# 步子小，死掉的单元少些，此外帮助不大：多数训练中没有单元死掉，只是折点的位置不对，
# 而稍稍挪动一下又不会更好。真正有用的是*更多的单元*。
# 十个当中也会死掉几个，但没有关系，还有足够多的别的单元。
# 所以实际的网络远比理论上需要的宽。

# %% [markdown] lang="en" tags=["question"]
# Suppose that all inputs are positive: use `x + 3` instead of `x`. With biases of 0,
# which units are dead before the first step?
#
# ---
#
# Those whose weight in `W1` is negative, since `x * W1` is then negative for all
# points. That is half of all units on average. In one start of eight all three are
# dead, and only `b2` can learn. This is one reason why inputs are shifted to a mean of
# 0 before training; ours have it.

# %% [markdown] lang="zh" tags=["question"]
# 假设所有输入都是正的：把 `x` 换成 `x + 3`。偏置为 0 时，哪些单元在第一步之前就死了？
#
# ---
#
# 在 `W1` 中权重为负的那些：这时 `x * W1` 对每个点都是负的。平均有一半单元如此；
# 每八个起点就有一个三个单元全死，能学的只剩下 `b2`。
# 训练之前把输入平移到平均值为 0（我们的数据正是这样），这是原因之一。
