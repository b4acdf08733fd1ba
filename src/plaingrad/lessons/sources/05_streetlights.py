# %% [markdown] lang="en"
# # Streetlights: from one weight to backpropagation
#
# You are in a foreign city, and want to cross the street. The traffic light has three
# lamps, and you cannot read it. So you watch: which lamps are on, and do people walk?
# This lesson learns it from six observations, looks at what pushes a weight up and
# down, and then at data where no lamp alone says anything. For these we need a hidden
# layer, and a way to tell it how wrong it was: *backpropagation*.
#
# (*Grokking Deep Learning* has this example in its chapter 6.)

# %% [markdown] lang="zh"
# # 信号灯：从一个权重到反向传播
#
# 你到了一座陌生的城市，想过马路。信号灯有三盏，你看不懂。
# 那就观察：哪几盏亮着？人们走不走？
# 本课从六次观察中学会它，看看是什么把权重往上推、往下压；
# 然后换一组数据，其中任何一盏灯单独都说明不了问题。这时需要一个隐藏层，
# 还需要一种办法告诉隐藏层它错了多少：*反向传播*（backpropagation）。
#
# （例子出自 *Grokking Deep Learning* 第 6 章。）

# %%
import numpy as np

# one observation in a row: left, middle, right lamp, 1 where it is on
lights = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1], [1, 1, 1], [0, 1, 1], [1, 0, 1]])
walk = np.array([0, 1, 0, 1, 1, 0])  # 1 where people walked

# %% [markdown] lang="en"
# ## One sample at a time
#
# A weight for each lamp, a weighted sum, and gradient descent, as in the lesson before:
# each weight moves by `alpha * input * delta`, where `delta` is how far the prediction
# was off. A row of the data is a *sample*; going once through all of them is a *pass*
# (also: an *epoch*). We correct the weights after every single sample.

# %% [markdown] lang="zh"
# ## 每次一个样本
#
# 每盏灯一个权重，求加权和，再用梯度下降，和上一课一样：
# 每个权重移动 `alpha * input * delta`，其中 `delta` 是预测偏离了多少。
# 数据的一行叫一个*样本*（sample）；
# 把全部样本过一遍，叫*一轮*（pass，也叫 epoch）。这里每看一个样本就修正一次权重。

# %%
alpha = 0.1
weights = np.array([0.5, 0.48, -0.7])

for passes in range(40):  # counted from 0
    error_of_pass = 0
    for sample, goal in zip(lights, walk):
        pred = sample @ weights
        delta = pred - goal
        error_of_pass += delta**2
        weights = weights - alpha * sample * delta
    if passes % 8 == 7:
        print(f"pass {passes:>2}: error {error_of_pass:.8f}")
print("weights:", weights.round(3))

# %% [markdown] lang="en"
# The network has found out by itself that only the middle lamp counts: its weight is
# near 1, the other two are near 0. The lamp and the walking go together: they are
# *correlated*. Learning is a search for correlation between inputs and targets.

# %% [markdown] lang="zh"
# 网络自己发现，只有中间那盏灯有用：它的权重接近 1，另外两个接近 0。
# 这盏灯和行人走不走总是一致，也就是说，它们*相关*（correlated）。
# 学习，就是寻找输入与目标之间的相关性（correlation）。

# %%
names = ["left", "middle", "right"]
walked = [walk[lights[:, lamp] == 1] for lamp in range(3)]
for name, cases in zip(names, walked):
    print(f"{name:<7}was on {len(cases)} times, people walked {cases.sum()} times")

# %% [markdown] lang="en"
# ## What pushes a weight
#
# How does the search work? Take a network that knows nothing and predicts 0.5
# everywhere. Where people walked, the prediction is too low, and every lamp that is on
# is pushed up. Where they stopped, every lamp that is on is pushed down. A lamp that is
# off gets no push: it had no part in the prediction.

# %% [markdown] lang="zh"
# ## 是什么在推动权重
#
# 这种寻找是怎样进行的？设想一个什么也不知道的网络，处处预测 0.5。人们走了的那几行，
# 预测偏低，亮着的灯的权重都被往上推；人们停下的那几行，亮着的灯的权重都被往下压。
# 灭着的灯不受力：它没有参与这次预测。

# %%
push = lights * (walk - 0.5)[:, None]

print("lamps     left  middle   right   people")
for row, pushes, goal in zip(lights, push, walk):
    marks = "".join(f"{'up' if p > 0 else 'down' if p else '.':>8}" for p in pushes)
    print(*row, marks, "   walk" if goal else "   stop")
print("sum  ", "".join(f"{total:>+8}" for total in push.sum(axis=0)))

# %% [markdown] lang="en"
# Only the middle lamp is pushed the same way in all its rows. The left one gets more
# down than up. The right lamp is on in every row, and is pushed up as often as down:
# this is *conflicting pressure*, and it cancels. So lamps without a message are not
# recognised as such; they are pulled to and fro until another weight explains the data.
#
# All weights share the same error. In our run the pushes therefore fade as soon as the
# middle lamp predicts well, those on the other two as well:

# %% [markdown] lang="zh"
# 只有中间的灯在它亮着的每一行都受同一方向的力。左边的灯往下的多于往上的。
# 右边的灯每行都亮，往上和往下的次数一样多：
# 这就是*互相冲突的压力*（conflicting pressure），它们相互抵消。
# 可见，没有信息的灯并不是被“认出来”的，它们只是被拉来拉去，
# 直到另一个权重把数据解释清楚。
#
# 所有权重共用同一个误差。所以在我们的训练中，一旦中间的灯预测得好了，
# 各种推力都随之消失，另外两盏灯的也不例外：

# %%
weights = np.array([0.5, 0.48, -0.7])

print("passes  pushes on left, middle, right   weights")
for passes in range(41):
    if passes in (0, 1, 2, 5, 10, 20, 40):
        pushes = lights.T @ (walk - lights @ weights)
        print(f"{passes:>6}", pushes.round(2), weights.round(2), sep="   ")
    for sample, goal in zip(lights, walk):
        weights = weights - alpha * sample * (sample @ weights - goal)

# %% [markdown] lang="en"
# In the beginning, the right lamp is pushed hardest: its weight of -0.7 makes every
# prediction too low. The push depends on the present error, not on a lamp's worth.
#
# ## Overfitting
#
# An error of zero does not mean that the right thing was learnt. With few samples there
# are many weights that fit. Here we learn from the first rows only, until they fit, and
# look at the rest.

# %% [markdown] lang="zh"
# 一开始，受力最大的是右边的灯：它的权重 -0.7 使所有预测都偏低。
# 推力取决于眼下的误差，而不是一盏灯有没有用。
#
# ## 过拟合
#
# 误差为零，不等于学对了。样本少的时候，能拟合它们的权重有很多组。
# 下面只用前几行来学，学到拟合为止，再看其余各行。

# %%
print("rows  error on them  error on the others  weights")
unseen = {}
for count in (1, 2, 3, 4):
    few = np.array([0.5, 0.48, -0.7])
    for _ in range(1000):
        for sample, goal in zip(lights[:count], walk[:count]):
            few = few - alpha * sample * (sample @ few - goal)
    squares = (lights @ few - walk) ** 2
    seen, unseen[count] = squares[:count].sum(), squares[count:].sum()
    print(f"{count:>4}  {seen:>13.4f}  {unseen[count]:>19.4f} ", few.round(3))

# %% [markdown] lang="en"
# After one row, the weights 0.6 and -0.6 just cancel in that row. It is predicted
# perfectly, by chance, and nothing was learnt about walking. This is *overfitting*:
# the samples are memorised, not understood. Three different rows are enough here, since
# there are three weights; larger networks have many more weights than that, and
# overfitting is their oldest trouble.
#
# ## One, some, or all samples per step
#
# Instead of correcting after every sample (*stochastic* gradient descent), one can
# average the corrections of all samples and make one step (*full batch*), or average
# those of a few (*mini-batch*).

# %% [markdown] lang="zh"
# 只学一行时，权重 0.6 与 -0.6 在这一行里恰好相互抵消。这一行碰巧预测得完美，
# 而关于“走不走”什么也没学到。这就是*过拟合*（overfitting）：背下了样本，却没有理解。
# 这里有三行不同的样本就够了，因为权重只有三个；
# 大的网络权重要多得多，过拟合是它们最老的毛病。
#
# ## 每步用一个、几个还是全部样本
#
# 除了每看一个样本就修正一次（*随机*梯度下降，stochastic gradient descent），
# 也可以把全部样本的修正量平均起来走一步（*全批量*，full batch），
# 或者只平均几个样本的（*小批量*，mini-batch）。


# %%
def train(batch, alpha=0.1):
    weights, errors = np.array([0.5, 0.48, -0.7]), []
    for _ in range(40):
        errors.append(0)
        for start in range(0, len(lights), batch):
            samples = lights[start : start + batch]
            delta = samples @ weights - walk[start : start + batch]
            errors[-1] += (delta**2).sum()
            weights = weights - alpha * samples.T @ delta / len(samples)
    return weights, errors


kinds = {1: "one sample", 2: "mini-batch of 2", 6: "full batch"}
by_hand = {batch: train(batch) for batch in kinds}
for batch, (_, errors) in by_hand.items():
    print(f"{kinds[batch]:<17}steps a pass: {6 // batch}, error {errors[-1]:.6f}")

# %% [markdown] lang="en"
# `samples.T @ delta` adds up, for each weight, input times `delta` over the samples of
# the batch: the sums of pushes from above, in one product. (They are subtracted, since
# `delta` is prediction minus goal.)

# %% [markdown] lang="zh"
# `samples.T @ delta` 对每个权重，把批中各样本的“输入乘以 `delta`”加起来：
# 就是上面那些推力之和，一次乘法算完。（`delta` 是预测减目标，所以这里用减法。）

# %% [markdown] lang="en"
# In plaingrad the batch is a setting of `fit`. `MSE` is the mean squared error, whose
# slope is `2 * delta * input`. Our lines leave the 2 out, as many books do, so that
# their alpha is plaingrad's learning rate times 2. (`warm_start` goes on from our
# weights, `shuffle=False` keeps the order of the rows, and `float64` has the digits of
# NumPy.)

# %% [markdown] lang="zh"
# 在 plaingrad 里，批的大小是 `fit` 的一个参数。`MSE` 是均方误差（mean squared error），
# 它的斜率是 `2 * delta * input`。我们的代码像许多书一样省去了 2，
# 所以其中的 alpha 等于 plaingrad 的学习率乘以 2。
# （`warm_start` 表示从我们的权重出发，`shuffle=False` 表示不打乱行的顺序，`float64`
# 是 NumPy 通常的精度。）

# %%
import plaingrad as pg

for batch, (weights, _) in by_hand.items():
    net = pg.Sequential(pg.Linear(1, bias=False)).build(lights, dtype="float64")
    net.params["W1"][:, 0] = [0.5, 0.48, -0.7]
    net.fit(
        lights,
        walk,
        loss=pg.MSE(),
        optimizer=pg.SGD(lr=alpha / 2),
        epochs=40,
        batch_size=batch,
        shuffle=False,
        warm_start=True,
        dtype="float64",
    )
    difference = np.abs(net.params["W1"][:, 0] - weights).max()
    print(f"{kinds[batch]:<17}largest difference of the weights {difference:.1g}")

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
for colour, (batch, (_, errors)) in zip(pg.draw.style.COLOURS, by_hand.items()):
    ax.plot(range(40), errors, color=colour)
    ax.text(39.5, errors[-1], kinds[batch], color=colour, va="center")
ax.set(xlabel="pass", ylabel="error of the pass", yscale="log", xlim=(0, 39))
ax.set_title("The same alpha, with batches of 1, 2 and 6 samples")
pg.draw.style.clean(ax)

# %% [markdown] lang="en"
# With the same alpha, small batches are ahead: they make more steps in a pass. A step
# of the full batch, however, is an average, hence less erratic; it bears a larger
# alpha, and computes all rows in one matrix product, which machines do quickly. In
# between, with batches of 8 to 256 samples, is where most networks are trained.

# %% [markdown] lang="zh"
# alpha 相同时，小的批领先，因为它们每轮走的步数更多。但全批量的一步是平均的结果，
# 不那么摇摆；它经得起更大的 alpha，而且用一次矩阵乘法算完所有行，这正是机器擅长的。
# 多数网络取两者之间：每批 8 到 256 个样本。

# %% [markdown] lang="en" tags=["question"]
# Run `train(1, alpha=1.0)` and `train(6, alpha=1.0)`. Which of them learns?
#
# ---
#
# The full batch: its error falls to 0.000017. One sample at a time, the error stays at
# 9.46 in every pass. With alpha 1, a step changes the prediction of its own sample by
# `delta` for each lamp that is on. In most rows these are two or three: the prediction
# leaps over the goal, and lands as far on its other side, or farther. In the average
# over six samples such leaps are damped.

# %% [markdown] lang="zh" tags=["question"]
# 运行 `train(1, alpha=1.0)` 和 `train(6, alpha=1.0)`。哪一个学得会？
#
# ---
#
# 全批量：它的误差降到 0.000017。每次一个样本时，每轮的误差一直是 9.46。
# 取 alpha 为 1 时，走一步，每盏亮着的灯都使本样本的预测改变一个 `delta`。
# 大多数行亮着两三盏灯：预测跳过目标，落到另一边，离得一样远，甚至更远。
# 对六个样本取平均，这样的跳跃就被缓和了。

# %% [markdown] lang="en"
# ## No correlation at all
#
# In the next city the rule is another: people walk when either the left or the middle
# lamp is on, but not both. We count the pushes again.

# %% [markdown] lang="zh"
# ## 毫无相关性
#
# 在下一座城市，规则变了：左灯和中灯恰好亮一盏时人们才走。我们再来数一数推力。

# %%
lights = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1], [1, 1, 1]])
walk = np.array([[1], [1], [0], [0]])

print("sums of pushes:", (lights * (walk - 0.5)).sum(axis=0))

weights, *_ = np.linalg.lstsq(lights, walk)
print("the best weights:    ", weights.ravel().round(3))
print("what they predict:   ", (lights @ weights).ravel().round(3))
linear_error = ((lights @ weights - walk) ** 2).sum()
print(f"their error:          {linear_error:.4f}")

# %% [markdown] lang="en"
# Every lamp is pushed up as often as down. The best that a weighted sum can do (found
# here by NumPy's least squares) is to say 0.5 each time. No lamp is correlated with
# walking. We need something in between that *is*: a hidden layer that makes new inputs
# out of the lamps, such as "left, but not middle".
#
# As we saw in lesson 1, two layers of weighted sums are no more than one. So the hidden
# values that are negative are set to zero. This is called *ReLU* (rectified linear
# unit). With it, a hidden unit can stay silent for some rows and speak up for others,
# that is, be correlated with the input only now and then.

# %% [markdown] lang="zh"
# 每盏灯往上和往下的推力都一样多。加权和所能做到的最好结果
# （这里用 NumPy 的最小二乘求得），就是每次都说 0.5。没有一盏灯与“走”相关。
# 我们需要在中间放一些与它*相关*的东西：
# 一个隐藏层，用这些灯造出新的输入，例如“左灯亮而中灯不亮”。
#
# 第 1 课里看到，两层加权和并不比一层强。所以我们把隐藏层中的负数变成零，
# 这叫做 *ReLU*（rectified linear unit，修正线性单元）。有了它，
# 一个隐藏单元可以对某些行保持沉默，只对另一些行出声，也就是只在有些时候与输入相关。

# %%
alpha = 0.2
np.random.seed(1)
weights_1 = 2 * np.random.random((3, 4)) - 1  # from 3 lamps to 4 hidden units
weights_2 = 2 * np.random.random((4, 1)) - 1  # from these to the prediction
start = weights_1.copy(), weights_2.copy()

hidden = np.maximum(lights @ weights_1, 0)
print("hidden values, a row for each sample:", hidden.round(2), sep="\n")
print("predictions:", (hidden @ weights_2).ravel().round(2))

# %% [markdown] lang="en"
# ## Backpropagation
#
# We know by how much the prediction is off, its `delta`. To correct `weights_1` we need
# a `delta` for each hidden unit. But nobody says what the hidden values should be!
#
# The weights tell. When a unit goes up by 1, the prediction goes up by the unit's
# weight in `weights_2`. So the unit is to blame for the prediction's `delta` as much as
# it counts there: `delta * weight`. As the prediction is a weighted sum of hidden
# values, the blame is a *weighted error*, sent the other way through the same weights.
# And a unit that ReLU has silenced gets none: moved a little, it would still be silent.

# %% [markdown] lang="zh"
# ## 反向传播
#
# 预测偏离了多少，我们知道，就是它的 `delta`。要修正 `weights_1`，
# 每个隐藏单元也要有一个 `delta`。可是没有人说过隐藏的值应该是多少！
#
# 权重会告诉我们。一个单元增加 1，预测就增加它在 `weights_2` 中的那个权重。
# 所以对于预测的 `delta`，这个单元在预测里占多少分量，就负多少责任：`delta * weight`。
# 预测是隐藏值的加权和，责任就是*加权的误差*，沿着同样的权重反方向传回去。
# 被 ReLU 变成零的单元没有责任：稍稍动它一下，它还是零。

# %%
sample, goal = lights[:1], walk[:1]
hidden = np.maximum(sample @ weights_1, 0)
delta = hidden @ weights_2 - goal
hidden_delta = delta @ weights_2.T * (hidden > 0)

print(f"prediction {(hidden @ weights_2).item():.4f}, delta {delta.item():.4f}")
print("value  weight  delta * weight  its delta")
own_deltas = hidden_delta[0] + 0  # makes 0 of -0
for value, weight, own in zip(hidden[0], weights_2[:, 0], own_deltas):
    blame = delta.item() * weight
    print(f"{value:.3f}  {weight:>6.3f}  {blame:>14.4f}  {own:>9.4f}")

nudged = hidden + np.array([0, 0.001, 0, 0])  # the second unit goes up a little
rise = ((nudged @ weights_2 - goal) ** 2 - delta**2).item() / 2
print(
    f"half the squared error changes by {rise:.6f}: {rise / 0.001:.4f} times the nudge"
)

# %% [markdown] lang="en"
# The last line checks it: moving the second unit changes half the squared error as its
# delta says (nearly, since the nudge is not infinitely small). That is all of
# backpropagation. The rest is gradient descent as before: each layer with its own input
# and its own delta.

# %% [markdown] lang="zh"
# 最后一行是检验：动一动第二个单元，平方误差的一半正按它的 delta 所说的那样变化
# （略有出入，因为这一动并不是无穷小）。
# 反向传播就是这些。其余的还是梯度下降：每一层用自己的输入和自己的 delta。

# %%
errors = []
for passes in range(60):
    errors.append(0)
    for i in range(4):
        sample, goal = lights[i : i + 1], walk[i : i + 1]
        hidden = np.maximum(sample @ weights_1, 0)
        pred = hidden @ weights_2
        errors[-1] += ((pred - goal) ** 2).sum()

        delta = pred - goal
        hidden_delta = delta @ weights_2.T * (hidden > 0)
        weights_2 -= alpha * hidden.T @ delta
        weights_1 -= alpha * sample.T @ hidden_delta
    if passes % 10 == 9:
        print(f"pass {passes:>2}: error {errors[-1]:.4g}")

# %% [markdown] lang="en"
# What did the hidden units find? Only two of them ever speak now. One is on when the
# left lamp is on and the middle one is off, the other one the other way round: the
# correlation that the lamps did not have has been made.

# %% [markdown] lang="zh"
# 隐藏单元找到了什么？现在只有两个单元还会出声：一个在左灯亮而中灯灭时出声，
# 另一个正相反。灯本来没有的相关性，被造了出来。

# %%
hidden = np.maximum(lights @ weights_1, 0)
pred = hidden @ weights_2
for row, values, one, goal in zip(lights, hidden, pred, walk):
    print(*row, " hidden", values.round(2), f" predicted {one[0]:.3f}, right {goal[0]}")

# %%
import matplotlib.pyplot as plt

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
left.plot(range(60), errors, color=pg.draw.style.COLOURS[0])
left.axhline(linear_error, color=pg.draw.style.COLOURS[1], linestyle="--")
left.text(59, 1.2 * linear_error, "the best without a hidden layer", ha="right")
left.set(xlabel="pass", ylabel="error of the pass", yscale="log", ylim=(None, 3))
left.set_title("Errors of the 3-4-1 network")
pg.draw.style.clean(left)

right.imshow(hidden, cmap="Blues", vmin=0, vmax=1.8)
for (row, unit), value in np.ndenumerate(hidden):
    right.text(unit, row, f"{value:.2f}", ha="center", va="center")
answers = ["walk" if goal else "stop" for goal in walk.ravel()]
labels = [f"{row} {answer}" for row, answer in zip(lights, answers)]
right.set_yticks(range(4), labels)
right.set(xticks=range(4), xlabel="hidden unit", title="What the hidden units say")

# %% [markdown] lang="en"
# ## The same in plaingrad
#
# Three layers, of which `ReLU` has no weights. The start is the one from above, and so
# is everything after it.

# %% [markdown] lang="zh"
# ## 用 plaingrad 来写
#
# 三层，其中 `ReLU` 没有权重。起点和上面一样，之后的一切也都一样。

# %%
net = pg.Sequential(pg.Linear(4, bias=False), pg.ReLU(), pg.Linear(1, bias=False))
net.build(lights, dtype="float64")
net.params["W1"][:], net.params["W2"][:] = start
net.fit(
    lights,
    walk,
    loss=pg.MSE(),
    optimizer=pg.SGD(lr=alpha / 2),
    epochs=60,
    batch_size=1,
    shuffle=False,
    warm_start=True,
    dtype="float64",
)
network_errors = 4 * np.array(net.history.loss)  # its loss is the mean of 4 samples
print("errors:", network_errors[9::10])
difference = np.abs(network_errors - errors).max()
print(f"largest difference {difference:.1g}")

# %% [markdown] lang="en"
# plaingrad writes its backward pass out. The weighted error is there, `dpred @ W2.T`,
# and so is the silence of ReLU, `z1 > 0`. And it proves that all of it is right, by
# slopes measured from the loss alone.

# %% [markdown] lang="zh"
# plaingrad 能把它的反向计算写出来。加权的误差在这里：`dpred @ W2.T`；而 ReLU
# 的沉默也在：`z1 > 0`。它还能证明这一切是对的：用只从损失量得的斜率来对照。

# %%
script = net.longhand().splitlines()
backward = script.index("        # backward")
print(*script[backward : backward + 4], sep="\n")

certificate = net.prove()
for row in certificate.rows:
    print(f"d{row.name}: largest error {row.error:.1g}, {row.verdict}")

# %% [markdown] lang="en"
# To follow it with a pencil, take the worksheet of one update, which has every product
# and sum with its numbers: here the backward pass of the very first sample. Look for
# the units that ReLU silenced; `diff` is the delta of the output.

# %% [markdown] lang="zh"
# 想拿铅笔跟着算一遍，就用一次更新的逐步演算（worksheet），每个乘积、每个和都写着数字。
# 下面是第一个样本的反向计算。找一找被 ReLU 变成零的单元；`diff` 就是输出的 delta。

# %%
fresh = pg.Sequential(pg.Linear(4, bias=False), pg.ReLU(), pg.Linear(1, bias=False))
fresh.build(lights, dtype="float64")
fresh.params["W1"][:], fresh.params["W2"][:] = start
rate = pg.SGD(lr=alpha / 2)
sheet = pg.lessons.worksheet(fresh, lights[0], walk[0], loss=pg.MSE(), optimizer=rate)
for line in sheet.lines:
    if line.section == "backward":
        print(line.code)
        for entry in line.entries:
            print(f"    {entry.name} = {entry.work} = {entry.value}")

# %% [markdown] lang="en" tags=["question"]
# Leave ReLU out: `hidden = sample @ weights_1`, and `hidden_delta` without the
# `* (hidden > 0)`. How far does the error fall?
#
# ---
#
# It stays above 1, however long you train: 1.36 after 60 passes, 1.32 after 2,000. Two
# matrices in a row are one matrix, and the best single one, as we saw, has the error 1.
# (It does not come down to 1 quite, since the steps after single samples keep pulling
# the weights to and fro.)

# %% [markdown] lang="zh" tags=["question"]
# 去掉 ReLU：`hidden = sample @ weights_1`，`hidden_delta` 也不乘 `(hidden > 0)`。
# 误差能降到多少？
#
# ---
#
# 不管训练多久，误差都在 1 以上：60 轮后是 1.36，2,000 轮后是 1.32。
# 两个矩阵相乘还是一个矩阵，而我们知道单个矩阵最好的误差是 1。
# （它也没有真正降到 1，因为每个样本走一步，总把权重拉来拉去。）
