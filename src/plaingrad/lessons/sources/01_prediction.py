# %% [markdown] lang="en"
# # From numbers to a prediction
#
# A neural network takes numbers and returns numbers; in between it mostly multiplies
# and adds. This lesson goes from a single multiplication to two layers, first by hand,
# then as layers of plaingrad.
#
# Our example is a sports team. Before each of its first four games we know the average
# number of toes of its players, the share of games it has won so far, and its fans in
# millions. A network is to say something about the coming game. (The example is from
# *Grokking Deep Learning* by Andrew Trask, which the first six lessons follow.)

# %% [markdown] lang="zh"
# # 从数到预测
#
# 神经网络接收一些数，给出一些数，中间做的主要是乘法和加法。
# 本课从一次乘法开始，一直搭到两层网络；先亲手算，再写成 plaingrad 的层。
#
# 例子是一支球队。头四场比赛的每一场之前，我们知道三件事：
# 球员平均有几个脚趾，到目前为止的胜率，以及球迷有多少（单位：百万）。
# 网络要据此对即将到来的比赛作出预测。（例子出自 Andrew Trask 的
# *Grokking Deep Learning*，中译本《深度学习图解》；前六课都以这本书为线索。）

# %%
import numpy as np

toes = np.array([8.5, 9.5, 9.9, 9.0])
wins = np.array([0.65, 0.8, 0.8, 0.9])
fans = np.array([1.2, 1.3, 0.5, 1.0])

# %% [markdown] lang="en"
# ## One input, one weight
#
# The smallest network has one *weight*: a number that says how strongly the input
# counts. The prediction is input times weight. With a weight of 0.1, every toe adds a
# tenth to the expected chance of winning.

# %% [markdown] lang="zh"
# ## 一个输入，一个权重
#
# 最小的网络只有一个*权重*（weight）：它表示输入的分量有多重。
# 预测（prediction）就是输入乘以权重。权重取 0.1 时，平均每多一个脚趾，
# 预测的获胜机会就增加十分之一。

# %%
weight = 0.1
one_to_one = toes[0] * weight
print(f"{toes[0]} * {weight} = {one_to_one:.4g}")

# %% [markdown] lang="en"
# ## Several inputs: a weighted sum
#
# With three inputs there are three weights. Each input is multiplied by its own weight,
# and the products are added. This *weighted sum* (also: *dot product*) is what every
# network consists of. A weight of 0 means that the input does not count at all.

# %% [markdown] lang="zh"
# ## 多个输入：加权和
#
# 三个输入就有三个权重：每个输入乘以自己的权重，再把乘积加起来。
# 这个*加权和*（weighted sum，也叫*点积*，dot product）是一切神经网络的基本成分。
# 权重为 0，表示这个输入完全不起作用。

# %%
x = np.array([toes[0], wins[0], fans[0]])
weights = np.array([0.1, 0.2, 0.0])

for value, weight in zip(x, weights):
    print(f"{value:>5} * {weight} = {value * weight:.4g}")
many_to_one = x @ weights
print(f"the sum, x @ weights: {many_to_one:.4g}")

# %% [markdown] lang="en"
# ## Several outputs
#
# One input can serve several predictions, which know nothing of each other. From the
# share of games won we predict three numbers: will somebody be hurt, will the team win,
# will it be sad?

# %% [markdown] lang="zh"
# ## 多个输出
#
# 一个输入也可以同时用于几个预测，它们彼此互不相干。
# 这里由胜率预测三个数：是否有人受伤，是否获胜，是否难过。

# %%
weights = np.array([0.3, 0.2, 0.9])
one_to_many = wins[0] * weights
for name, value in zip(["hurt", "win", "sad"], one_to_many):
    print(f"{name:<5}{value:.4g}")

# %% [markdown] lang="en"
# ## Several in, several out: a matrix
#
# Now each output has its own weighted sum over all the inputs. Written down one output
# after another, the weights make a table, a *matrix*: the row says which output, the
# column which input.

# %% [markdown] lang="zh"
# ## 多入多出：矩阵
#
# 现在每个输出都有自己的加权和，都用到全部输入。把权重按输出一行一行写下来，
# 就得到一张表，即*矩阵*（matrix）：行对应输出，列对应输入。

# %%
rows = np.array(
    [
        [0.1, 0.1, -0.3],  # hurt
        [0.1, 0.2, 0.0],  # win
        [0.0, 1.3, 0.1],  # sad
    ]
)
many_to_many = np.array([x @ row for row in rows])
print(many_to_many.round(4))

# %% [markdown] lang="en"
# Most programs, plaingrad among them, write `x @ W` with the input on the left. Then
# an output is a *column* of `W`, and row `i` holds what input `i` gives to each output:
# our table, mirrored at its diagonal. That is called *transposing*, in NumPy `.T`. The
# gain: the same line predicts many games at once, one in each row of `X`.

# %% [markdown] lang="zh"
# 多数程序（plaingrad 也是）写作 `x @ W`，输入在左边。这时*一列*对应一个输出，
# 第 `i` 行则是输入 `i` 对各个输出的权重：正好是上面的表沿对角线翻过来。
# 这叫*转置*（transpose），在 NumPy 里写作 `.T`。
# 好处是：同一行代码可以一次预测许多场比赛，`X` 的每一行是一场。

# %%
W = rows.T
print("one game: ", (x @ W).round(4))

X = np.column_stack([toes, wins, fans])
print("all games, shape", X.shape, "@", W.shape, "=", (X @ W).shape)
print((X @ W).round(4))

# %% [markdown] lang="en"
# ## Predictions of predictions
#
# The outputs of one layer can be the inputs of the next. The numbers in between are
# called *hidden*, because they are neither given nor wanted. Each of the two lines with
# an `@` is a layer.

# %% [markdown] lang="zh"
# ## 预测的预测
#
# 一层的输出可以作下一层的输入。中间的这些数叫做*隐藏*（hidden）的，
# 因为它们既不是给定的，也不是我们最终想要的。下面带 `@` 的两行，每行就是一层。

# %%
W1 = np.array([[0.1, 0.2, -0.1], [-0.1, 0.1, 0.9], [0.1, 0.4, 0.1]]).T
W2 = np.array([[0.3, 1.1, -0.3], [0.1, 0.2, 0.0], [0.0, 1.3, 0.1]]).T

hidden = X @ W1
stacked = hidden @ W2
print("hidden:    ", hidden[0].round(4))
print("prediction:", stacked[0].round(4))

# %% [markdown] lang="en"
# ## The same as layers
#
# In plaingrad a weighted sum is the layer `Linear(units)`; `units` is the number of its
# outputs. Usually it also adds a number to each output, the *bias*, which we switch off
# here. `build` makes the weights in the sizes that the data ask for, in `float64`, the
# kind of number that NumPy takes. They begin at random, and we put ours in their place.

# %% [markdown] lang="zh"
# ## 写成层
#
# 在 plaingrad 里，加权和就是层 `Linear(units)`，`units` 是输出的个数。
# 通常它还给每个输出加上一个数，叫做*偏置*（bias），这里把它关掉。
# `build` 按数据的大小造出权重，取 `float64`，即 NumPy 通常所用的数。
# 它们起初是随机的，我们换上自己的。

# %%
import plaingrad as pg

net = pg.Sequential(pg.Linear(3, bias=False), pg.Linear(3, bias=False))
net.build(X, dtype="float64")
net.params["W1"][:] = W1
net.params["W2"][:] = W2
print(net.summary())

# %% [markdown] lang="en"
# In the table, the *parameters* are the numbers that can be learnt, here the weights. A
# *multiply-add* is one product, added to a sum.
#
# By hand and by layers we get the same, for all four games. The steps before are the
# same layer with other sizes.

# %% [markdown] lang="zh"
# 表中的*参数*（parameter）是可以学习的数，这里就是权重；
# 一次*乘加*（multiply-add）是做一次乘法，再把积加到和里。
#
# 亲手算的和用层算的，四场比赛的结果都一样。前面几步也是同一种层，只是大小不同。

# %%
difference = np.abs(net.outputs(X) - stacked).max()
print(f"stacked: largest difference {difference:.1g}")

steps = {
    "one to one": (toes[:1], [[0.1]], one_to_one),
    "many to one": (x, [[0.1], [0.2], [0.0]], many_to_one),
    "one to many": (wins[:1], [[0.3, 0.2, 0.9]], one_to_many),
    "many to many": (x, W, many_to_many),
}
for name, (inputs, matrix, by_hand) in steps.items():
    row = inputs[None, :]  # a table with one game
    layer = pg.Sequential(pg.Linear(np.shape(matrix)[1], bias=False))
    layer.build(row, dtype="float64")
    layer.params["W1"][:] = matrix
    np.testing.assert_allclose(layer.outputs(row)[0], by_hand, rtol=1e-12)
    print(f"{name}: the same, {layer.outputs(row)[0].round(4)}")

# %% [markdown] lang="en"
# And this is the first game on its way through the two layers. The thicker a line, the
# larger the weight; a weight of zero has no line.

# %% [markdown] lang="zh"
# 第一场比赛就这样通过两层网络。线越粗，权重越大；权重为零就没有线。

# %%
import matplotlib.pyplot as plt

blue, orange = pg.draw.style.COLOURS[:2]
columns = [X[0], hidden[0], stacked[0]]
titles = [["toes", "wins", "fans"], ["hidden", "", ""], ["hurt", "win", "sad"]]

figure, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
for place, matrix in enumerate([W1, W2]):
    for i, j in np.ndindex(matrix.shape):
        weight = matrix[i, j]
        colour = blue if weight > 0 else orange
        ends = [place, place + 1], [-i, -j]
        ax.plot(*ends, color=colour, linewidth=6 * abs(weight), zorder=1)
for place, values in enumerate(columns):
    for i, value in enumerate(values):
        ax.scatter(place, -i, s=2000, color="white", edgecolor="black", zorder=2)
        ax.text(place, -i, f"{value:.4g}", ha="center", va="center", zorder=3)
        ax.text(place, -i + 0.34, titles[place][i], ha="center", zorder=3)
ax.plot([], [], color=blue, label="positive weight")
ax.plot([], [], color=orange, label="negative weight")
ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, frameon=False)
ax.set(xlim=(-0.3, 2.3), ylim=(-2.4, 0.6), title="The first game in two layers")
ax.axis("off")

# %% [markdown] lang="en" tags=["question"]
# Multiply the two matrices into one, `W1 @ W2`, and predict with that alone. What comes
# out, and what does this say about stacking layers?
#
# ---
#
# Exactly the same predictions, since `(X @ W1) @ W2` is `X @ (W1 @ W2)`. Two layers of
# weighted sums can do no more than one. Stacking pays only when something that is not a
# weighted sum stands between the layers, such as setting negative values to zero; a
# later lesson puts it there.

# %% [markdown] lang="zh" tags=["question"]
# 把两个矩阵乘成一个：`W1 @ W2`，只用它来预测。结果如何？这说明堆叠层有什么用？
#
# ---
#
# 预测完全一样，因为 `(X @ W1) @ W2` 就是 `X @ (W1 @ W2)`。
# 两层加权和能做的并不比一层多。只有在层与层之间放进不是加权和的东西
# （例如把负数变成零），堆叠才有意义；后面的课会这样做。
