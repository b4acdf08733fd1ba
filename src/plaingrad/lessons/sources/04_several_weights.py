# %% [markdown] lang="en"
# # Several weights at once
#
# Gradient descent needs no new idea for several inputs, several outputs, or both. Each
# weight gets its own share of the blame. We see what happens when a weight must not
# move, and how two arguments in the wrong order, as a book has them, make learning
# stall.

# %% [markdown] lang="zh"
# # 同时学习多个权重
#
# 多个输入、多个输出，或者两者都多，梯度下降都不需要新的想法：每个权重各自承担一份责任。
# 我们还会看到，有一个权重不许动时会怎样；
# 以及书上印过的一处写法，只因两个参数颠倒了位置，就让学习停滞不前。

# %% [markdown] lang="en"
# ## Several inputs
#
# The team again: average number of toes, share of games won, fans in millions. This
# time we know the result: the game was won, so the *target* is 1. (Target is the usual
# word for goal.) If only one weight changes by `h`, the prediction changes by `h` times
# the input of that weight. So the calculation of the last lesson holds for each weight,
# with its own input: the share of weight `i` is `delta * x[i]`.

# %% [markdown] lang="zh"
# ## 多个输入
#
# 还是那支球队：平均脚趾数、胜率、球迷（百万）。这一次我们知道结果：比赛赢了，
# 所以*目标值*（target）是 1。如果只有一个权重改变 `h`，
# 预测的改变就是 `h` 乘以这个权重的输入。所以上一课的计算对每个权重都成立，
# 只要用它自己的输入：第 `i` 个权重的那一份是 `delta * x[i]`。

# %%
import numpy as np

import plaingrad as pg

np.set_printoptions(suppress=True)  # 0.0004, not 4e-04

x = np.array([8.5, 0.65, 1.2])  # toes, wins, fans
start = np.array([0.1, 0.2, -0.1])
target, alpha = 1, 0.01

weights, free_path, free_errors = start.copy(), [], []
for iteration in range(3):
    pred = x @ weights
    error = (pred - target) ** 2
    free_path.append(weights.copy())
    free_errors.append(error)
    delta = pred - target
    weight_deltas = delta * x
    print(f"{iteration}: error {error:.5g}, weight deltas {weight_deltas.round(4)}")
    weights -= alpha * weight_deltas

# %% [markdown] lang="en"
# The error is soon gone, and the weight of the toes does nearly all the work: its input
# is 13 times that of the wins, so its error curve is far steeper. It also decides how
# large `alpha` may be. One step changes the prediction by
# `alpha * delta * (x ** 2).sum()`; the curvature along the step is the sum of the
# squared inputs, and nearly all of it comes from the toes.

# %% [markdown] lang="zh"
# 误差很快就消失了，几乎全是脚趾的权重在起作用：它的输入是胜率的 13 倍，
# 误差曲线也就陡得多。`alpha` 可以取多大也由它决定。走一步，
# 预测的改变是 `alpha * delta * (x ** 2).sum()`；沿着这一步的曲率是各输入的平方和，
# 其中几乎全部来自脚趾。

# %%
print("squared inputs", (x**2).round(4))
print(f"with the toes:    alpha < {2 / (x**2).sum():.3f}")
print(f"without the toes: alpha < {2 / (x[1:] ** 2).sum():.3f}")

# %% [markdown] lang="en"
# ## A weight that must not move
#
# We *freeze* the weight of the toes: its delta is set to zero. Now the other two bear
# steps 30 times as long, `alpha = 0.3`.

# %% [markdown] lang="zh"
# ## 不许动的权重
#
# 把脚趾的权重*冻结*（freeze）：令它的改变量为零。这样，
# 另外两个权重可以承受 30 倍长的步子，即 `alpha = 0.3`。

# %%
weights, frozen_path, frozen_errors = start.copy(), [], []
alpha = 0.3
for iteration in range(3):
    pred = x @ weights
    error = (pred - target) ** 2
    frozen_path.append(weights.copy())
    frozen_errors.append(error)
    weight_deltas = (pred - target) * x
    weight_deltas[0] = 0
    print(f"{iteration}: error {error:.5g}, weights {weights.round(4)}")
    weights -= alpha * weight_deltas

# %% [markdown] lang="en"
# In the picture, each curve is the error over one weight while the two others are held,
# and the dot is where that weight stands. (Mind the scales: the curve of the toes is by
# far the narrowest.) Above, the toes run down their curve, and the others hardly move.
# Below, the dot of the toes cannot move sideways, and yet its error falls, because the
# *curve* comes to the dot: any weight that changes, changes the error for everybody.

# %% [markdown] lang="zh"
# 图中每条曲线表示其他两个权重不动时，误差随这一个权重怎样变化；
# 圆点是这个权重现在的位置。（注意刻度：脚趾的曲线要窄得多。）上排，脚趾沿着曲线滑下去，
# 另外两个几乎没动。下排，脚趾的圆点不能左右移动，误差却照样下降，
# 因为*曲线*朝圆点移了过来：任何一个权重变了，大家的误差都跟着变。

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(
    2, 3, figsize=(9, 5.2), sharex="col", sharey=True, layout="constrained"
)
figure.suptitle("The error over each weight: all free (above), toes frozen (below)")
for row, path in zip(axes, [free_path, frozen_path]):
    for i, ax in enumerate(row):
        grid = start[i] + np.linspace(-0.2, 0.4, 100) / x[i]
        for iteration, point in enumerate(path):
            others = x @ point - x[i] * point[i]
            curve = (others + x[i] * grid - target) ** 2
            colour = pg.draw.style.COLOURS[iteration]
            ax.plot(grid, curve, color=colour, lw=1.2, label=f"iteration {iteration}")
            ax.plot(point[i], (x @ point - target) ** 2, "o", color=colour)
        ax.set(ylim=(-0.004, 0.06))
        pg.draw.style.clean(ax)
for ax, name in zip(axes[1], ["toes", "wins", "fans"]):
    ax.set_xlabel(f"weight of the {name}")
for ax in axes[:, 0]:
    ax.set_ylabel("error")
axes[0, 1].legend(frameon=False, fontsize="small", loc="upper center")

# %% [markdown] lang="en"
# ## Both in plaingrad
#
# The same `Linear` and `fit` as for one weight, with the learning rate halved as
# before. `freeze` takes the name of an array of weights and says, entry by entry, what
# stays as it is. (`layer.freeze()`, or `trainable=False` when you make it, freezes a
# layer as a whole.)

# %% [markdown] lang="zh"
# ## 用 plaingrad 做这两件事
#
# 仍是一个权重时用过的 `Linear` 和 `fit`，学习率也照样减半。`freeze` 的参数是一组权重的
# 名字，再逐个说明哪些保持不变。（`layer.freeze()`，或者创建层时写 `trainable=False`，
# 会冻结整个层。）

# %%
differences = []
for errors, alpha, toes_frozen in [
    (free_errors, 0.01, False),
    (frozen_errors, 0.3, True),
]:
    net = pg.Sequential(pg.Linear(1, bias=False)).build((3,), dtype="float64")
    net.params["W1"][:, 0] = start
    net.freeze("W1", [[toes_frozen], [False], [False]])
    history = net.fit(
        [x],
        [[target]],
        loss=pg.MSE(),
        optimizer=pg.SGD(lr=alpha / 2),
        epochs=3,
        dtype="float64",
        warm_start=True,
    )
    differences.append(np.abs(np.array(history.loss) - errors).max())
    print(np.array(history.loss).round(8))
print(f"largest difference from the errors by hand: {max(differences):.1g}")

# %% [markdown] lang="en"
# ## Several outputs
#
# Now one input, the wins, and three outputs: hurt, win, sad. Each has its own target,
# its own delta and its own weight, and learns as if it were alone.

# %% [markdown] lang="zh"
# ## 多个输出
#
# 现在输入只有一个，即胜率；输出有三个：受伤、获胜、难过。每个输出有自己的目标值、
# 自己的 `delta` 和自己的权重，各学各的，互不相干。

# %%
wins, targets = 0.65, np.array([0.1, 1.0, 0.1])
weights, alpha = np.array([0.3, 0.2, 0.9]), 0.1

several_outputs = []
for iteration in range(4):
    pred = wins * weights
    delta = pred - targets
    several_outputs.append(delta**2)
    print(f"{iteration}: predictions {pred.round(4)}, errors {(delta**2).round(5)}")
    weights -= alpha * (wins * delta)

shrinking = several_outputs[1] / several_outputs[0]
print(f"error by the error before: {shrinking.round(4)}")
print(f"(1 - alpha * wins ** 2) ** 2 = {(1 - alpha * wins**2) ** 2:.4f}")

# %% [markdown] lang="en"
# All three errors shrink by one factor, since they have the input in common, and with
# it the curvature `wins ** 2`: the factor of the last lesson, squared like the errors.
#
# ## Several in, several out
#
# Three inputs and three outputs make nine weights, written as in the first lesson: a
# row for each output. Weight `[i, j]` leads from input `j` to output `i`. Its share is
# the delta *of its output* times *its input*, `delta[i] * x[j]`. All nine such products
# make a table, the *outer product* of the two.
#
# *Grokking Deep Learning* prints this with its two arguments the other way round,
# `outer_prod(input, delta)`. (Its notebooks have been corrected.) This is what readers
# of the book see:

# %% [markdown] lang="zh"
# 三个误差缩小的倍数相同，因为它们的输入是同一个，曲率 `wins ** 2` 也就相同：
# 这正是上一课的倍数，误差是平方，所以倍数也要平方。
#
# ## 多入多出
#
# 三个输入、三个输出，共有九个权重，像第一课那样写：每个输出占一行。
# 权重 `[i, j]` 从输入 `j` 通到输出 `i`，它的那一份是*它的输出*的 `delta` 乘以*它的输
# 入*，即 `delta[i] * x[j]`。九个这样的乘积排成一张表，
# 叫做两者的*外积*（outer product）。
#
# *Grokking Deep Learning* 一书把两个参数印反了：`outer_prod(input, delta)`
# （随书的笔记本后来已经改正）。照书上写的读者看到的是这样：

# %%
rows = np.array([[0.1, 0.1, -0.3], [0.1, 0.2, 0.0], [0.0, 1.3, 0.1]])
alpha = 0.01

weights, as_printed = rows.copy(), []
for iteration in range(500):
    pred = weights @ x
    delta = pred - targets
    as_printed.append(delta**2)
    if iteration in (0, 1, 2, 3, 10, 100, 499):
        print(f"{iteration:>3}: errors {(delta**2).round(5)}, ", end="")
        print(f"largest weight {np.abs(weights).max():.2f}")
    weights -= alpha * np.outer(x, delta)  # wrong

# %% [markdown] lang="en"
# The error of the second output even rises, tenfold. After ten iterations no error
# changes any more, however long one waits. Many a reader has despaired of the learning
# rate, which is not to blame. And it is worse: the weights go on growing all the while.

# %% [markdown] lang="zh"
# 第二个输出的误差不降反升，变成原来的十倍。十来次以后，各个误差就再也不变了，
# 等多久都没有用。许多读者绝望地去调学习率，其实与它无关。更糟的是，权重还一直在增大。

# %% [markdown] lang="en"
# ## What is wrong?
#
# We ask the checker. It gets the error (with 1/2, so that the 2 cancels) and the
# gradient as it was claimed.

# %% [markdown] lang="zh"
# ## 错在哪里？
#
# 问一问检查器：把误差（带上 1/2，好把 2 约掉）和所声称的梯度交给它。


# %%
def error_of(weights):
    return ((weights @ x - targets) ** 2).sum() / 2


def gradient_of(weights):
    delta = weights @ x - targets
    return np.outer(x, delta)


report = pg.check(error_of, rows, gradient_of)
print(report)

# %% [markdown] lang="en"
# It names the mistake, and has tried the repair. The line is counted in the file of
# this lesson. (For a whole script with its own loop there is a command:
# `plaingrad check train.py`.)
#
# Why does the wrong one stop where it does? Row `i` is changed by `x[i] * delta`, so
# prediction `i` is changed by `x[i] * (delta @ x)`. All of them depend on the one
# number `delta @ x`. When it is zero, no prediction moves, whatever the deltas are.

# %% [markdown] lang="zh"
# 它指出了错误，还试过了改法；行号按本课的源文件计。（如果是带训练循环的整个程序，
# 可以用命令 `plaingrad check train.py`。）
#
# 错的写法为什么停在那里？第 `i` 行的改变是 `x[i] * delta`，
# 所以第 `i` 个预测的改变是 `x[i] * (delta @ x)`。所有预测都只看 `delta @ x` 这一个数；
# 它一变成零，预测就都不动了，不管各个 `delta` 是多少。

# %%
print("delta:    ", delta.round(4))
print(f"delta @ x: {delta @ x:.1g}")

# %% [markdown] lang="en"
# ## Repaired

# %% [markdown] lang="zh"
# ## 改正之后

# %%
weights, repaired = rows.copy(), []
for iteration in range(500):
    pred = weights @ x
    delta = pred - targets
    repaired.append(delta**2)
    if iteration in (0, 1, 2, 3, 10, 499):
        print(f"{iteration:>3}: largest error {(delta**2).max():.2g}")
    weights -= alpha * np.outer(delta, x)

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
figure.suptitle("The same network with one product the wrong way round, and repaired")
named = {"outer(x, delta): stalls": as_printed, "outer(delta, x): learns": repaired}
names = zip(["hurt", "win", "sad"], "o^s", pg.draw.style.COLOURS)
for output, (name, marker, colour) in enumerate(names):
    for ax, errors in zip(axes, named.values()):
        curve = [error[output] for error in errors[:16]]
        ax.semilogy(curve, f"{marker}-", color=colour, markersize=4, label=name)
for ax, title in zip(axes, named):
    ax.set(title=title, xlabel="iteration")
    pg.draw.style.clean(ax)
axes[0].set_ylabel("error")
axes[0].legend(frameon=False, loc="lower left")

# %% [markdown] lang="en"
# ## The same in plaingrad, and where the mistake comes from
#
# The error is now the sum over three outputs, `MSE(reduction="sum")`; by default it
# would be their mean.

# %% [markdown] lang="zh"
# ## 用 plaingrad 做同样的事，兼谈错误的由来
#
# 误差现在是三个输出之和，写作 `MSE(reduction="sum")`；不写则取平均。

# %%
net = pg.Sequential(pg.Linear(3, bias=False)).build((3,), dtype="float64")
net.params["W1"][:] = rows.T
history = net.fit(
    [x],
    [targets],
    loss=pg.MSE(reduction="sum"),
    optimizer=pg.SGD(lr=alpha / 2),
    epochs=500,
    dtype="float64",
    warm_start=True,
)
difference = np.abs(net.params["W1"].T - weights).max()
print(f"largest difference of the weights: {difference:.1g}\n")
script = net.longhand()
print(script[script.index("    # backward") : script.index("    if")])

# %% [markdown] lang="en"
# Look at `dW1`: it is `X.T @ ...`, the input first! For one game that *is*
# `outer(x, delta)`, and here it is right, because plaingrad's `W1` has a column for
# each output. The order belongs to the layout: rows for outputs, `outer(delta, x)`;
# columns for outputs, `outer(x, delta)`. Whoever mixes the two gets no error message,
# as the table is square.

# %% [markdown] lang="zh"
# 看 `dW1`：它是 `X.T @ ...`，输入在前！只有一场比赛时，这*正是* `outer(x, delta)`，
# 而且在这里是对的，因为 plaingrad 的 `W1` 每一列对应一个输出。先后次序取决于排法：
# 一行一个输出，就用 `outer(delta, x)`；一列一个输出，就用 `outer(x, delta)`。
# 两种排法混着用，也不会有任何报错，因为这张表是方的。

# %% [markdown] lang="en" tags=["question"]
# Leave out the third output, so that there are three inputs and two outputs. What does
# the wrong program do now, and what can one learn from that?
#
# ---
#
# ```python
# print(np.outer(x, delta[:2]).shape, "for", rows[:2].shape)
# ```
#
# The shapes are (3, 2) and (2, 3), and NumPy refuses to subtract them: the mistake
# shows at once. So test your code with sizes that are all different. Square tables hide
# what is transposed.

# %% [markdown] lang="zh" tags=["question"]
# 去掉第三个输出，成为三个输入、两个输出。错的程序这时会怎样？从中可以学到什么？
#
# ---
#
# ```python
# print(np.outer(x, delta[:2]).shape, "for", rows[:2].shape)
# ```
#
# 形状分别是 (3, 2) 和 (2, 3)，NumPy 拒绝相减：错误立刻暴露。所以测试代码时，
# 各个大小最好都不相同。方的表会把转置的错误藏起来。

# %% [markdown] lang="en" tags=["question"]
# Train with the toes frozen for 100 iterations, then set them free for another 100.
# What does the weight of the toes learn?
#
# ---
#
# ```python
# weights = start.copy()
# for iteration in range(200):
#     delta = x @ weights - target
#     if iteration < 100:
#         weights[1:] -= 0.3 * delta * x[1:]
#     else:
#         weights -= 0.01 * delta * x
# print(weights.round(4))
# ```
#
# Nothing: it is still 0.1. When it is set free the error has gone, and with it `delta`.
# The others have learnt to do without it. A weight learns only from what the others
# leave over, which is why an early start of one input can hide a better one.

# %% [markdown] lang="zh" tags=["question"]
# 先冻结脚趾训练 100 次，再把它放开训练 100 次。脚趾的权重学到了什么？
#
# ---
#
# ```python
# weights = start.copy()
# for iteration in range(200):
#     delta = x @ weights - target
#     if iteration < 100:
#         weights[1:] -= 0.3 * delta * x[1:]
#     else:
#         weights -= 0.01 * delta * x
# print(weights.round(4))
# ```
#
# 什么也没学到，仍是 0.1。放开它的时候，误差已经没有了，`delta` 也就没有了。
# 其他权重已经学会了不靠它。一个权重只能从别人剩下的误差里学习，
# 所以先学的输入可能把更好的输入掩盖掉。
