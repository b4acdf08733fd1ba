# %% [markdown] lang="en"
# # Gradient descent on one weight
#
# Hot and cold tries both directions and takes a step of fixed size. This lesson finds
# the direction *and* the size of the step by a short calculation. Then it looks at how
# that fails: with steps that are too large, the error grows without end.

# %% [markdown] lang="zh"
# # 一个权重的梯度下降
#
# 冷热法要把两个方向都试一遍，步长还是固定的。本课只用一点计算，
# 就同时得到步子的方向*和*大小。然后再看它怎样失败：步子太大时，误差会无止境地增长。

# %%
import numpy as np

import plaingrad as pg

goal = 0.8
x, weight = 0.5, 0.5


def error_at(weight):
    return (x * weight - goal) ** 2


# %% [markdown] lang="en"
# ## The slope
#
# Make the weight larger by a little, `h`, and see by how much the error changes.
# Divided by `h`, this is the *slope* of the error: how steeply it rises as the weight
# grows. It is negative here, so the error falls.

# %% [markdown] lang="zh"
# ## 斜率
#
# 把权重调大一点点，记作 `h`，看误差变了多少。这个变化除以 `h`，
# 就是误差的*斜率*（slope）：权重增大时，误差上升得有多陡。这里的斜率是负的，
# 也就是误差在下降。

# %%
for h in [0.1, 0.01, 0.001]:
    measured = (error_at(weight + h) - error_at(weight)) / h
    print(f"h = {h:<5}: slope {measured:.6f}")

# %% [markdown] lang="en"
# The smaller `h`, the nearer to -0.55. We can have that number without trying. Call the
# difference of prediction and goal `delta`:
#
# - the weight grows by `h`, so the prediction grows by `x * h`;
# - the error becomes `(delta + x * h) ** 2`, which multiplied out is
#   `delta ** 2 + 2 * delta * x * h + (x * h) ** 2`;
# - the first part was the error before. Take it away and divide the rest by `h`:
#   `2 * delta * x + x ** 2 * h`.
#
# When `h` shrinks to nothing, `2 * delta * x` remains. This limit is the *derivative*
# of the error. The derivatives by all the weights of a network are called its
# *gradient*; here there is one weight, and the gradient is one number.

# %% [markdown] lang="zh"
# `h` 越小，结果越接近 -0.55。这个数不用试也能得到。把预测与目标之差记作 `delta`：
#
# - 权重增加 `h`，预测就增加 `x * h`；
# - 误差变成 `(delta + x * h) ** 2`，展开是
#   `delta ** 2 + 2 * delta * x * h + (x * h) ** 2`；
# - 第一项是原来的误差。减去它，再把余下的除以 `h`，得到
#   `2 * delta * x + x ** 2 * h`。
#
# 让 `h` 缩小到零，剩下的就是 `2 * delta * x`。这个极限叫做误差的*导数*（derivative）。
# 误差对网络所有权重的导数合在一起，叫做*梯度*（gradient）；这里只有一个权重，
# 梯度就是一个数。

# %%
delta = x * weight - goal
slope = 2 * delta * x
print(f"by hand:   2 * {delta:.4g} * {x} = {slope:.4g}")


def error_of(weight, x, goal):
    return (x * weight - goal) ** 2


by_plaingrad = pg.grad(error_of)(weight, x, goal)
print(f"pg.grad:   {by_plaingrad:.4g}\n")
print(pg.longhand(pg.grad(error_of), weight, x, goal))

# %% [markdown] lang="en"
# `pg.grad` derives the same formula from the Python function by itself, and
# `pg.longhand` prints what it derived.
#
# ## Down the slope
#
# The error falls in the direction against the slope, so we subtract. As the amount we
# take `delta * x`; the 2 is left out, since it only makes all steps twice as long. Each
# factor does its part:
#
# - `delta` is negative when the prediction is too small, and shrinks near the goal:
#   the steps become shorter by themselves;
# - `x` translates this for the weight: a negative input turns the direction round,
#   and with an input of 0 the weight had no influence and stays.

# %% [markdown] lang="zh"
# `pg.grad` 从 Python 函数出发，自己推出了同一个公式；`pg.longhand` 把推出的结果打印出
# 来。
#
# ## 沿斜率下降
#
# 逆着斜率的方向，误差会下降，所以要做减法。减去的量取 `delta * x`；系数 2 可以省去，
# 它只不过让每一步都加长一倍。两个因子各有用处：
#
# - 预测偏小时 `delta` 为负；离目标越近，它的绝对值越小，步子也就自动变短；
# - `x` 把它换算到权重上：输入为负，方向就反过来；输入为 0，权重没有作用，就不动它。

# %%
errors = []
for iteration in range(20):
    pred = x * weight
    error = (pred - goal) ** 2
    errors.append(error)
    if iteration in (0, 1, 2, 3, 10, 19):
        print(f"{iteration:>2}: prediction {pred:.5f}, error {error:.2g}")

    delta = pred - goal
    weight_delta = delta * x
    weight -= weight_delta

# %% [markdown] lang="en"
# Twenty predictions, where hot and cold took 1,100 steps of three predictions each.
# This is *gradient descent*. All networks of these lessons learn by it, or by a
# refinement of it.
#
# ## Is the derivative right?
#
# Here we could see it. In longer programs a wrong derivative often goes unnoticed,
# since the error still falls a little. `pg.check` measures the slope of an error and
# compares it with the derivative that your code claims.

# %% [markdown] lang="zh"
# 只用了 20 次预测；冷热法走了 1100 步，每一步都要预测三次。
# 这就是*梯度下降*（gradient descent）。
# 这套课程里的网络都用它来学习，或者用它的改进。
#
# ## 导数对不对？
#
# 这里一看便知。程序一长，导数错了却往往没人发现，因为误差多少还是会下降一些。`pg.check`
# 测出误差的斜率，与你的代码给出的导数相比较。


# %%
def weight_delta_at(weight):
    delta = x * weight - goal
    return delta * x


report = pg.check(error_at, 0.5, weight_delta_at)
print(report)

# %% [markdown] lang="en"
# It finds the factor of 2 that we left out, and knows it for what it is. (One often
# writes the error with a factor of 1/2 in front, so that the 2 cancels.)
#
# ## The same in plaingrad
#
# `pg.MSE()` is the squared error (averaged over the predictions, if there are several),
# and `pg.SGD` is gradient descent. `MSE` keeps the 2, so that we halve the *learning
# rate*, `lr`, by which the gradient is multiplied. An *epoch* is one pass through the
# data, here of a single row, and thus one step. `warm_start` keeps the weight that we
# set. The error is called the *loss* there, as in most frameworks.

# %% [markdown] lang="zh"
# 它看出我们省去了系数 2，也知道这只是习惯写法。（人们常在误差前面添上 1/2，
# 正好把 2 约掉。）
#
# ## 用 plaingrad 做同样的事
#
# `pg.MSE()` 是平方误差（有多个预测时取平均），`pg.SGD` 是梯度下降。`MSE` 保留了系数 2，
# 所以这里把*学习率*（learning rate）`lr`，也就是梯度所乘的数，
# 减半。把数据过一遍叫一*轮*（epoch），这里只有一行数据，一轮就是一步。
# `warm_start` 表示从我们设定的权重开始。误差在这里叫做*损失*（loss），
# 多数框架都这样称呼。

# %%
X, y = np.array([[x]]), np.array([[goal]])
net = pg.Sequential(pg.Linear(1, bias=False)).build(X, dtype="float64")
net.params["W1"][0, 0] = 0.5
history = net.fit(
    X,
    y,
    loss=pg.MSE(),
    optimizer=pg.SGD(lr=0.5),
    epochs=20,
    dtype="float64",
    warm_start=True,
)

difference = np.abs(np.array(history.loss) - errors).max()
print(f"largest difference of the 20 errors: {difference:.1g}\n")
script = net.longhand()
print(script[script.index("    # forward") : script.index("    if")])

# %% [markdown] lang="en"
# The last lines are from the NumPy script that plaingrad prints for this training. It
# is our loop: `diff` is `delta`, here with its 2, `X.T @` multiplies by the input, and
# `n` is the number of rows of `X`, one for now.
#
# `pg.lessons.worksheet` puts the numbers in: the first step, as one would do it on
# paper.

# %% [markdown] lang="zh"
# 上面最后几行出自 plaingrad 为这次训练打印的 NumPy 脚本，
# 正是我们的循环：`diff` 就是 `delta`（这里带着系数 2），`X.T @` 是乘以输入，`n` 是 `X`
# 的行数，目前只有一行。
#
# `pg.lessons.worksheet` 把数字代进去：下面就是第一步，像在纸上演算一样。

# %%
net.params["W1"][0, 0] = 0.5
sheet = pg.lessons.worksheet(net, [x], goal, loss=pg.MSE(), optimizer=pg.SGD(lr=0.5))
for line in sheet.lines:
    print(line.code)
    for entry in line.entries:
        print(f"    {entry.name} = {entry.work} = {entry.value}")

# %% [markdown] lang="en"
# ## When it fails
#
# Now let the input be 2 instead of 0.5, and change nothing else.

# %% [markdown] lang="zh"
# ## 失败的时候
#
# 现在把输入从 0.5 改成 2，其他都不变。


# %%
def descend(x, alpha, iterations=20):
    weight, weights = 0.5, []
    for _ in range(iterations):
        weights.append(weight)
        delta = x * weight - goal
        weight -= alpha * delta * x
    return np.array(weights)


diverging = descend(2, alpha=1)
for iteration in (0, 1, 2, 3, 19):
    pred = 2 * diverging[iteration]
    print(f"{iteration:>2}: prediction {pred:.4g}, error {(pred - goal) ** 2:.3g}")

# %% [markdown] lang="en"
# The prediction jumps over the goal, lands farther away than it was, gets a larger
# `delta` and so jumps back even farther. This is called *diverging*. It can be
# foreseen: the best weight is `goal / x`, and `delta` is `x` times the distance of our
# weight from it. So a step of `delta * x` is `x ** 2` times that distance, and what is
# left of the distance is `1 - x ** 2` times as much.

# %% [markdown] lang="zh"
# 预测跳过了目标，落到比原来更远的地方；于是 `delta` 更大，跳回来时也就更远。
# 这叫做*发散*（diverge）。这是可以预见的：最好的权重是 `goal / x`，
# 而 `delta` 等于 `x` 乘以当前权重到它的距离。所以走一步 `delta * x`，
# 就是走了距离的 `x ** 2` 倍，剩下的距离是原来的 `1 - x ** 2` 倍。

# %%
for x_now in (0.5, 2):
    distances = descend(x_now, alpha=1) - goal / x_now
    ratios = distances[1:5] / distances[:4]
    print(f"x = {x_now}: each distance by the one before: {ratios.round(6)}")
    print(f"{'':<7} 1 - x ** 2 = {1 - x_now**2}")

# %% [markdown] lang="en"
# With 0.5, a quarter of the distance disappears in each step. With 2, the distance is
# tripled and changes its side. The remedy is to multiply each step by a small number,
# the learning rate, in these lessons `alpha`. Then the factor is `1 - alpha * x ** 2`.
# The distance shrinks if that lies between -1 and 1, and so
#
# ```
# alpha < 2 / x ** 2
# ```
#
# The number `x ** 2` is the *curvature* of the error: it says how fast `delta * x`
# grows when the weight changes. The narrower the valley, the shorter the steps must be.
# With an input of 2 the bound is 2 / 4 = 0.5.

# %% [markdown] lang="zh"
# 输入为 0.5 时，每一步消去四分之一的距离。输入为 2 时，每一步距离变成三倍，
# 还换到另一边。补救的办法是把每一步乘以一个小的数，即学习率，这几课里记作 `alpha`。
# 这时倍数变成 `1 - alpha * x ** 2`。它在 -1 与 1 之间，距离才会缩小，也就是要求
#
# ```
# alpha < 2 / x ** 2
# ```
#
# 数 `x ** 2` 是误差的*曲率*（curvature）：权重变化时，`delta * x` 随之变化得有多快。
# 山谷越窄，步子就必须越短。输入为 2 时，界限是 2 / 4 = 0.5。

# %%
paths = {}
for alpha in [0.1, 0.25, 0.49, 0.5, 0.51]:
    paths[alpha] = descend(2, alpha)
    last = (2 * paths[alpha][-1] - goal) ** 2
    print(f"alpha {alpha:<4}: factor {1 - alpha * 4:>5.2f}, last error {last:.4g}")
print("\nalpha 0.1 ends with the prediction", (2 * paths[0.1][-1]).round(7))
print("alpha 0.5:", paths[0.5][:6].round(6), "...")

# %% [markdown] lang="en"
# With 0.1 it converges: the prediction is right to four digits. With 0.25 the factor is
# 0, and the first step arrives. Just below the bound, 0.49, it still converges, slowly;
# just above, 0.51, it diverges, slowly. Exactly at the bound the weight swings between
# 0.5 and 0.3 for ever: it always lands as far on the other side of 0.4.

# %% [markdown] lang="zh"
# 取 0.1 时收敛（converge）：预测有四位小数是对的。取 0.25 时倍数为 0，第一步就到了。
# 略低于界限的 0.49 仍然收敛，只是慢；略高于界限的 0.51 发散，也很慢。恰好取界限时，
# 权重永远在 0.5 与 0.3 之间摆动：每次都落到 0.4 的另一边，距离不变。

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), sharey=True, layout="constrained")
figure.suptitle("Five steps down the slope: inwards, to and fro, outwards")
grid = np.linspace(0.1, 0.7, 200)
colours = pg.draw.style.COLOURS
words = {0.1: "converges", 0.5: "swings", 0.55: "diverges"}

for ax, colour, (alpha, word) in zip(axes, colours, words.items()):
    path = descend(2, alpha, iterations=6)
    ax.plot(grid, (2 * grid - goal) ** 2, color=pg.draw.style.FAINT)
    ax.plot(path, (2 * path - goal) ** 2, "o-", color=colour)
    ax.plot(path[0], (2 * path[0] - goal) ** 2, "o", color=pg.draw.style.INK)
    ax.annotate("start", (path[0], 0.04), (0.55, 0.02))
    ax.set(title=f"alpha {alpha}: {word}", xlabel="weight", ylim=(-0.01, 0.3))
    pg.draw.style.clean(ax)
axes[0].set_ylabel("error")

# %% [markdown] lang="en" tags=["question"]
# Go back to the input 0.5. How large may `alpha` be, and which one needs a single step?
# Why is this trick of little use once there are several weights?
#
# ---
#
# ```python
# print(2 / 0.5**2, 1 / 0.5**2)
# print(descend(0.5, alpha=4)[:3])
# ```
#
# The bound is 8, and with 4, half of it, the first step arrives at 1.6. With several
# weights there are several curvatures, steep directions and flat ones, but only one
# `alpha`. It must be small enough for the steepest, and is then slow in the flattest.
# The next lesson meets this.

# %% [markdown] lang="zh" tags=["question"]
# 回到输入 0.5。`alpha` 最大可以取多少？取多少时一步就到？有了多个权重以后，
# 这个窍门为什么就没多大用处了？
#
# ---
#
# ```python
# print(2 / 0.5**2, 1 / 0.5**2)
# print(descend(0.5, alpha=4)[:3])
# ```
#
# 界限是 8；取它的一半，即 4，第一步就到 1.6。有多个权重时，曲率也有多个，有的方向陡，
# 有的方向平，而 `alpha` 只有一个。它必须小到最陡的方向也受得了，在最平的方向上就慢了。
# 下一课就会遇到这种情况。
