# %% [markdown] lang="en"
# # Three arms of a spiral
#
# A layer of weighted sums can separate classes only by straight lines. This lesson
# gives it points that no line can separate, watches it fail, and puts one hidden layer
# in front of it. Then the same network is written in plaingrad, and the script that
# plaingrad prints is laid beside ours. The example is from Stanford's cs231n notes.

# %% [markdown] lang="zh"
# # 螺旋线的三条旋臂
#
# 一层加权和只能用直线来划分类别。本课给它一批任何直线都分不开的点，看它怎样失败；
# 再在它前面加一个隐藏层。最后用 plaingrad 写出同一个网络，
# 把 plaingrad 打印的脚本与我们手写的放在一起对照。
# 例子出自斯坦福大学 cs231n 课程的讲义。

# %% tags=["settings"]
STEPS = 5000

# %% [markdown] lang="en"
# ## The data
#
# Each class is an arm of 100 points. Along an arm the radius grows from 0 to 1 while
# the angle turns by 4 radians (229 degrees); the next arm begins at the angle at which
# this one ends. A little noise on the angle makes it less tidy.

# %% [markdown] lang="zh"
# ## 数据
#
# 每个类别是一条旋臂，有 100 个点。沿着旋臂，半径从 0 增加到 1，同时角度转过 4 弧度
# （约 230 度）；下一条旋臂从这一条结束的角度开始。角度上再加一点噪声，让它不那么整齐。

# %%
import numpy as np

import plaingrad as pg

np.random.seed(0)
points, classes = 100, 3
arms = []
for arm in range(classes):
    radius = np.linspace(0, 1, points)
    angle = np.linspace(4 * arm, 4 * (arm + 1), points)
    angle = angle + 0.2 * np.random.randn(points)
    arms.append(np.column_stack([radius * np.sin(angle), radius * np.cos(angle)]))
X = np.concatenate(arms)
y = np.repeat(np.arange(classes), points)
n = len(X)

same = np.array_equal(X, pg.data.spiral(points, classes, dtype="float64")[0])
print("X", X.shape, "y", y.shape, "- the points of pg.data.spiral:", same)

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(4.8, 4.2), layout="constrained")
pg.draw.scatter(X, y, ax=ax, size=22)
ax.set(title="Three arms of a spiral", aspect="equal")
ax.set(xlabel="first input", ylabel="second input")

# %% [markdown] lang="en"
# ## A classifier without a hidden layer
#
# One layer gives three *scores* for each point, one for each class. *Softmax* makes
# them probabilities: it takes `exp` of each, so that all are positive, and divides by
# their sum, so that they add up to 1. (Before that, the largest score is taken away
# from all three. This changes no quotient, and `exp` cannot overflow.)
#
# The loss of a point is `-log` of the probability that its own class got: 0 when the
# network is sure and right, large when it is sure and wrong. This is the
# *cross-entropy*. We take the mean over all points and add a *penalty* on large
# weights, `0.5 * l2 * (W ** 2).sum()`.
#
# The gradient is short: for one point, by its scores, it is *probabilities minus
# truth* (lesson 7 derives it). Where the right class got 0.2, its entry is -0.8, so a
# step against the gradient raises that score and lowers the other two. The mean divides
# all by `n`. The derivative of the penalty is `l2 * W`.

# %% [markdown] lang="zh"
# ## 没有隐藏层的分类器
#
# 一层网络为每个点给出三个*得分*（score），每个类别一个。*softmax* 把得分变成概率：
# 先对每个得分取 `exp`，使它们都为正，再除以它们的和，使它们加起来等于 1。
# （在这之前，三个得分都减去其中最大的一个。这不改变商，又使 `exp` 不会溢出。）
#
# 一个点的损失（loss），是网络给它所属类别的概率取 `-log`：
# 网络很有把握又判断对了，损失就是 0；很有把握却判断错了，损失就很大。
# 这就是*交叉熵*（cross-entropy）。
# 我们对所有的点取平均，再加上对大权重的*惩罚*（penalty）`0.5 * l2 * (W ** 2).sum()`。
#
# 梯度（gradient）很简短：一个点的损失对得分的梯度，就是*概率减去真值*
# （推导见第 7 课）。假如正确类别只得到 0.2，它那一项就是 -0.8，
# 于是逆着梯度走一步，会提高这个得分，降低另外两个。因为取平均，还要除以点数 `n`。
# 惩罚项的导数是 `l2 * W`。

# %%
lr, l2 = 1.0, 1e-3
W = 0.01 * np.random.randn(2, classes)
b = np.zeros(classes)

linear_losses = []
for _ in range(200):
    scores = X @ W + b
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs = exps / exps.sum(axis=1, keepdims=True)
    data_loss = -np.log(probs[np.arange(n), y]).mean()
    linear_losses.append(data_loss + 0.5 * l2 * (W**2).sum())
    dscores = probs.copy()
    dscores[np.arange(n), y] -= 1
    dscores /= n
    W -= lr * (X.T @ dscores + l2 * W)
    b -= lr * dscores.sum(axis=0)

for number in [0, 50, 100, 150, 199]:
    print(f"step {number:>3}: loss {linear_losses[number]:.4f}")
linear_accuracy = ((X @ W + b).argmax(axis=1) == y).mean()
print(f"accuracy {linear_accuracy:.2f}")

# %% [markdown] lang="en"
# Look at the first loss. The weights are still nearly zero, so each class gets a
# probability of about one third, and `-log(1/3)` is `log(3)`, 1.0986. When small
# first weights give another loss, the program has a mistake: it is the cheapest test
# there is.
#
# After that the loss falls, and then hardly moves. More training would not help: the
# loss of a single layer has only one lowest place, and we are there. About half of the
# points are right. A better answer needs borders that are not straight.
#
# ## One hidden layer
#
# Now 100 hidden units stand between input and scores. Each is a weighted sum of the
# two inputs, and *ReLU* sets it to zero where it is negative. So a unit is flat on one
# side of a line and rises on the other. The scores, sums of a hundred such folds, can
# bend around an arm.
#
# The backward pass goes the same way in reverse. `dscores` is as before. A hidden
# value counts in all three scores, so its gradient is the sum over them, weighted by
# `W2`. Where ReLU gave zero, nothing passes back: `* (z1 > 0)`.

# %% [markdown] lang="zh"
# 看看第一个损失。这时权重还几乎是零，每个类别的概率都约为三分之一，
# 而 `-log(1/3)` 就是 `log(3)`，即 1.0986。初始权重很小，损失却不是从这个数开始，
# 程序里就有错：这是最省事的检验。
#
# 之后损失下降，然后几乎不再变化。再训练也没有用：单层网络的损失只有一个最低处，
# 我们已经到了那里。大约一半的点判断正确。要做得更好，边界就不能是直的。
#
# ## 加一个隐藏层
#
# 现在输入和得分之间有 100 个隐藏单元。每个单元是两个输入的加权和，*ReLU*
# 把其中的负数变成零。所以一个单元在某条直线的一侧是平的，在另一侧则逐渐升高。
# 得分是一百个这样的折面之和，能沿着旋臂弯过去。
#
# 反向传播（backpropagation）沿同一条路往回走。`dscores` 和前面一样。
# 一个隐藏值参与了全部三个得分，所以它的梯度是这三个得分的梯度按 `W2` 加权求和。
# 凡是 ReLU 给出零的地方，什么也传不回去：`* (z1 > 0)`。

# %%
W1 = 0.01 * np.random.randn(2, 100)
b1 = np.zeros(100)
W2 = 0.01 * np.random.randn(100, classes)
b2 = np.zeros(classes)
start = {"W1": W1.copy(), "b1": b1.copy(), "W2": W2.copy(), "b2": b2.copy()}


# %%
def step():
    z1 = X @ W1 + b1
    a1 = np.maximum(z1, 0)
    scores = a1 @ W2 + b2
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs = exps / exps.sum(axis=1, keepdims=True)
    data_loss = -np.log(probs[np.arange(n), y]).mean()
    loss = data_loss + 0.5 * l2 * ((W1**2).sum() + (W2**2).sum())
    dscores = probs.copy()
    dscores[np.arange(n), y] -= 1
    dscores /= n
    dW2 = a1.T @ dscores + l2 * W2
    db2 = dscores.sum(axis=0)
    dz1 = dscores @ W2.T * (z1 > 0)
    dW1 = X.T @ dz1 + l2 * W1
    db1 = dz1.sum(axis=0)
    for param, grad in [(W1, dW1), (b1, db1), (W2, dW2), (b2, db2)]:
        param -= lr * grad
    return loss


# %%
losses = []
for number in range(STEPS):
    losses.append(step())
    if number % max(STEPS // 10, 1) == 0:
        print(f"step {number:>5}: loss {losses[-1]:.4f}")


def predict(places):
    hidden = np.maximum(places @ W1 + b1, 0)
    return (hidden @ W2 + b2).argmax(axis=1)


accuracy = (predict(X) == y).mean()
print(f"accuracy {accuracy:.2f}")

# %% [markdown] lang="en"
# Again it begins at `log(3)`. From there the loss falls much further, and nearly all
# points are right. Both classifiers, asked at every place of the plane:

# %% [markdown] lang="zh"
# 这次也从 `log(3)` 开始。之后损失降得低得多，几乎所有的点都判断正确。
# 让两个分类器对平面上的每个位置作出判断，就得到下面的图：

# %%
import matplotlib.pyplot as plt

classifiers = {
    "No hidden layer": lambda places: (places @ W + b).argmax(axis=1),
    "100 hidden units": predict,
}
figure, axes = plt.subplots(1, 2, figsize=(8.4, 4.2), layout="constrained")
figure.suptitle("The class that is predicted at every place")
for ax, (name, classifier) in zip(axes, classifiers.items()):
    pg.draw.decision_regions(classifier, X, y, ax=ax, size=18, legend=ax is axes[1])
    right = (classifier(X) == y).mean()
    ax.set(title=f"{name}: {right:.0%} right", aspect="equal")
    ax.set(xlabel="first input", ylabel="second input")

# %% [markdown] lang="en"
# On the left, three straight borders meet in one point. On the right they follow the
# arms. Each border is a chain of straight pieces: it bends where it crosses the fold of
# a hidden unit.
#
# ## The same in plaingrad
#
# Three layers, our weights, and the same settings. `batch_size=None` takes all points
# for each update, and `warm_start` begins with the weights that are there.

# %% [markdown] lang="zh"
# 左边，三条直的边界交于一点；右边，边界沿着旋臂弯过去。
# 每条边界其实由一段段直线连成：它在穿过某个隐藏单元的折痕时拐弯。
#
# ## 用 plaingrad 写
#
# 三层网络，换上我们的权重，其他设置也相同。`batch_size=None` 表示每次更新
# 都用全部的点；`warm_start` 表示从现有的权重开始训练。

# %%
net = pg.Sequential(pg.Linear(100), pg.ReLU(), pg.Linear(classes))
net.build(X, dtype="float64")
for name, values in start.items():
    net.params[name][:] = values

settings = {"optimizer": pg.SGD(lr=lr), "l2": l2, "batch_size": None}
history = net.fit(X, y, epochs=STEPS, warm_start=True, dtype="float64", **settings)
net_accuracy = net.score(X, y)
print(f"first loss {history.loss[0]:.4f}, accuracy {net_accuracy:.2f}")
print(f"by machine code in {history.seconds:.1f} s")

# %% [markdown] lang="en"
# Do both train alike? The losses, step by step:

# %% [markdown] lang="zh"
# 两者的训练过程一样吗？逐步比较损失：

# %%
apart = np.abs(np.array(losses) - history.loss)
for number in [1, 10, 100, 1000, STEPS]:
    print(f"largest difference in the first {number:>4}: {apart[:number].max():.1g}")

# %% [markdown] lang="en"
# At first they agree to the last digits that float64 has. Later they part, which is no
# mistake: sums in another order round otherwise, and with steps as large as 1.0 a
# difference in the last digit grows. Who compares two programs should therefore compare
# *early* steps. What both learn is equally good.
#
# ## Two scripts side by side
#
# `net.longhand()` prints the training as a NumPy script. This is the inside of its
# loop:

# %% [markdown] lang="zh"
# 起初两者一致到 float64 的最后几位。后来渐渐分开，这并不是错误：求和的顺序不同，
# 舍入就不同；而步长有 1.0 这么大，末位上的差别会越来越大。
# 所以，比较两个程序时应当比较*开头*的若干步。两者最后学到的结果同样好。
#
# ## 两份脚本对照
#
# `net.longhand()` 把训练过程打印成 NumPy 脚本。下面是它循环里的内容：

# %%
script = net.longhand()
last = "    b2 -= lr * db2"
loop = script[script.index("    # forward") : script.index(last)] + last
print(loop)

# %% [markdown] lang="en"
# Line by line it is our function `step`; only softmax is written in another way:
#
# - We compute `probs` and take its `np.log`. plaingrad computes the logarithms,
#   `logprobs`, at once: a probability that rounds to 0 has no logarithm.
# - We copy `probs` and take 1 away at the right class. plaingrad writes
#   `np.exp(logprobs) - onehot`; a row of `onehot` is 1 at the right class, 0 elsewhere.
#
# That these gradients are right need not be believed. `net.prove` measures the slopes
# of the loss and compares:

# %% [markdown] lang="zh"
# 它和我们的函数 `step` 逐行相同，只是 softmax 的写法不一样：
#
# - 我们先算 `probs`，再取 `np.log`；plaingrad 直接算出对数，即
#   `logprobs`：概率一旦舍入成 0，就没有对数了。
# - 我们复制一份 `probs`，在正确类别处减 1；plaingrad 写作
#   `np.exp(logprobs) - onehot`，其中 `onehot` 每一行在正确类别处是 1，其余是 0。
#
# 这些梯度是否正确，不必靠相信。`net.prove` 会测量损失的斜率，再作比较：

# %%
certificate = net.prove(X, y)
for row in certificate.rows:
    print(f"{row.name:<3} largest error {row.error:.1g}  {row.verdict}")

# %% [markdown] lang="en" tags=["question"]
# We began with small random weights. Set all of `W1` and `W2` to zero, and train. What
# happens, and why?
#
# ---
#
# Nothing: the loss stays at `log(3)`, and one point in three is right. All hidden
# values are zero, so `dW2 = a1.T @ dscores` is zero. `W2` is zero, so nothing passes
# back through it, and `dW1` is zero. Even the biases of the scores stay: there are
# equally many points of each class, so the pushes on `b2` cancel. Random weights are
# needed to make the hidden units differ.

# %% [markdown] lang="zh" tags=["question"]
# 我们是从小的随机权重开始的。把 `W1` 和 `W2` 全部设为零再训练，会怎样？为什么？
#
# ---
#
# 什么也不会发生：损失停在 `log(3)`，三个点里只有一个判断正确。
# 隐藏值全是零，所以 `dW2 = a1.T @ dscores` 是零；`W2` 是零，什么也传不回去，
# 所以 `dW1` 也是零。就连得分的偏置也不动：三个类别的点一样多，
# 它们对 `b2` 的推动正好抵消。要让隐藏单元各不相同，就需要随机的权重。
