# %% [markdown] lang="en"
# # Activations: what stands between layers, and what comes last
#
# Between two layers of weighted sums stands a function that is not a weighted sum, the
# *activation*. This lesson draws the common ones, derives their slopes by hand and has
# them checked, shows where they stop learning, and says which last layer and which loss
# belong to which task.

# %% [markdown] lang="zh"
# # 激活函数：层与层之间放什么，最后一层放什么
#
# 两层加权和之间要放一个不是加权和的函数，叫做*激活函数*（activation）。
# 本课画出常用的几种，亲手推导它们的斜率并加以检验，
# 看看它们在哪里学不动，再说明什么任务配什么样的最后一层和什么损失。

# %% [markdown] lang="en"
# ## Without an activation, two layers are one
#
# A layer with weights `W1` and *biases* `b1` (a number added to each output) computes
# `x @ W1 + b1`. Two in a row multiply out to a single layer of the same form:

# %% [markdown] lang="zh"
# ## 没有激活函数，两层就是一层
#
# 一层用权重 `W1` 和*偏置*（bias，给每个输出加上的数）`b1` 计算 `x @ W1 + b1`。
# 连着的两层乘开来，还是同样形式的一层：

# %%
import numpy as np

np.random.seed(1)
x = np.random.randn(5, 3)
W1, b1 = np.random.randn(3, 20), np.random.randn(20)
W2, b2 = np.random.randn(20, 2), np.random.randn(2)

two_layers = (x @ W1 + b1) @ W2 + b2
one_layer = x @ (W1 @ W2) + (b1 @ W2 + b2)
collapse = np.abs(two_layers - one_layer).max()
numbers = [W1.size + b1.size + W2.size + b2.size, 3 * 2 + 2]
print(f"{numbers[0]} numbers against {numbers[1]}, largest difference {collapse:.1g}")

# %% [markdown] lang="en"
# Such a layer can only draw straight lines. Take the distance from zero, `abs(x)`. No
# straight line comes near it. But two hidden units and a kink between the layers give
# it exactly: one unit is `x` where that is positive, the other one `-x` likewise. The
# kink is *ReLU*, which sets negative numbers to zero. Anything with a bend would help;
# what matters is that it is *nonlinear*, that is, not a straight line.

# %% [markdown] lang="zh"
# 这样的一层只能画直线。以到零的距离 `abs(x)` 为例，没有一条直线与它相近。
# 可是两个隐藏单元，加上层与层之间的一个折角，就正好得到它：
# 一个单元在 `x` 为正处给出 `x`，另一个在 `-x` 为正处给出 `-x`。这个折角就是 *ReLU*，
# 它把负数变成零。凡是有弯的函数都行；要紧的是它*非线性*（nonlinear），即不是一条直线。

# %%
x = np.array([[-2.0], [-1.0], [0.0], [1.0], [2.0]])
W1 = np.array([[1.0, -1.0]])
W2 = np.array([[1.0], [1.0]])

straight = x @ W1 @ W2
bent = np.maximum(x @ W1, 0) @ W2
print("x:           ", x.ravel())
print("without ReLU:", straight.ravel())
print("with ReLU:   ", bent.ravel())

# %% [markdown] lang="en"
# ## Three activations and their slopes
#
# Backpropagation needs the slope (the *derivative*) of whatever it passes through. We
# call the input of an activation `z` and its output `a`.
#
# - *sigmoid*, `1 / (1 + exp(-z))`, runs from 0 to 1. By the chain rule, with
#   `e = exp(-z)`, its slope is `e / (1 + e) ** 2`. Now `a` is `1 / (1 + e)`, and
#   `1 - a` is `e / (1 + e)`. So the slope is their product, `a * (1 - a)`.
# - *tanh*, `(exp(z) - exp(-z)) / (exp(z) + exp(-z))`, runs from -1 to 1. The rule for
#   quotients gives `1 - a ** 2`.
# - *ReLU* is 0 or `z`; its slope is 0 or 1.
#
# All three slopes can be had from the output `a` alone. That is convenient: a network
# that goes backwards still has its outputs, and `exp` is not computed again.

# %% [markdown] lang="zh"
# ## 三种激活函数和它们的斜率
#
# 反向传播需要沿途每个函数的斜率，也就是*导数*（derivative）。
# 激活函数的输入记作 `z`，输出记作 `a`。
#
# - *sigmoid*，`1 / (1 + exp(-z))`，从 0 到 1。记 `e = exp(-z)`，
#   由链式法则（chain rule）得斜率 `e / (1 + e) ** 2`。
#   而 `a` 是 `1 / (1 + e)`，`1 - a` 是 `e / (1 + e)`，
#   所以斜率正是两者之积：`a * (1 - a)`。
# - *tanh*，`(exp(z) - exp(-z)) / (exp(z) + exp(-z))`，从 -1 到 1。
#   按商的求导法则，得 `1 - a ** 2`。
# - *ReLU* 是 0 或 `z`，斜率是 0 或 1。
#
# 三者的斜率都可以只由输出 `a` 得到。这很方便：网络反向计算时，输出还在手边，
# 不必再算一次 `exp`。


# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def relu(z):
    return np.maximum(z, 0)


def sigmoid_slope(z):
    return np.exp(-z) / (1 + np.exp(-z)) ** 2


def tanh_slope(z):
    return 1 - np.tanh(z) ** 2


def relu_slope(z):
    return np.where(z > 0, 1.0, 0.0)


# %% [markdown] lang="en"
# Is it true? `pg.check_function` measures the slope of a function at many places, by
# moving the input a little, and compares. A derivative that takes the output `a` is
# fine as well, and is told as a remark, because it must be called with the output.

# %% [markdown] lang="zh"
# 推得对吗？`pg.check_function` 在许多地方把输入稍稍挪动，量出函数的斜率，再来对照。
# 以输出 `a` 为自变量的导数也可以，不过会附一条说明，因为调用时必须传入输出。

# %%
import plaingrad as pg

by_input = {
    "sigmoid": pg.check_function(sigmoid, sigmoid_slope),
    "tanh": pg.check_function(np.tanh, tanh_slope),
    "ReLU": pg.check_function(relu, relu_slope),
}
by_output = {
    "sigmoid": pg.check_function(sigmoid, lambda a: a * (1 - a)),
    "tanh": pg.check_function(np.tanh, lambda a: 1 - a**2),
    "ReLU": pg.check_function(relu, lambda a: a > 0),
}
for name in by_input:
    print(f"{name}: from z {by_input[name].ok}, from a {by_output[name].ok}")
print()
print(by_output["sigmoid"])

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
pg.draw.activation(sigmoid, sigmoid_slope, axes[0])
pg.draw.activation(np.tanh, tanh_slope, axes[1])
pg.draw.activation(relu, relu_slope, axes[2], name="ReLU")
figure.suptitle("Three activations and their slopes")

# %% [markdown] lang="en"
# The usual slip is to mix the two: to hand over the output and apply the function to it
# once more. The checker says what happened.

# %% [markdown] lang="zh"
# 常见的失误是把两者混起来：传入的已经是输出，却又对它做了一次函数。
# 检查器会说出是怎么回事。


# %%
def twice(a):
    s = sigmoid(a)
    return s * (1 - s)


slip = pg.check_function(sigmoid, twice)
print(slip)

# %% [markdown] lang="en" tags=["question"]
# At 0, ReLU has a kink. Which slope is right there, 0 or 1? Ask
# `pg.check_function(relu, lambda z: z >= 0, np.array([-1.0, 0.0, 1.0]))`, then with
# `z > 0`.
#
# ---
#
# Both pass: at the kink there is no slope to compare with, so the checker skips the
# place and says so. From the left the slope is 0, from the right 1, and training works
# with either; plaingrad takes 0. But beware of `a >= 0` when `a` is the *output* of
# ReLU: that is never negative, so the slope would be 1 everywhere.

# %% [markdown] lang="zh" tags=["question"]
# ReLU 在 0 处有一个折点。那里的斜率应该是 0 还是 1？问一问
# `pg.check_function(relu, lambda z: z >= 0, np.array([-1.0, 0.0, 1.0]))`，
# 再换成 `z > 0`。
#
# ---
#
# 两个都通过：折点处没有斜率可以对照，检查器略过它，并且说明。从左边看斜率是 0，
# 从右边看是 1，用哪个都能训练；plaingrad 取 0。不过要当心：如果 `a` 是 ReLU
# 的*输出*，用 `a >= 0` 就错了，因为输出从不为负，斜率会处处是 1。

# %% [markdown] lang="en"
# ## Saturation
#
# Look at the picture again: far from zero, sigmoid and tanh are flat. They are
# *saturated*. A flat slope passes no error on, so a unit out there hardly learns.

# %% [markdown] lang="zh"
# ## 饱和
#
# 再看看上面的图：离零远的地方，sigmoid 和 tanh 都是平的，这叫*饱和*（saturation）。
# 斜率平了，误差就传不过去，落到那里的单元几乎学不到东西。

# %%
print("     z  sigmoid     tanh        ReLU")
for z in (-10.0, 0.0, 2.0, 5.0, 10.0, 40.0):
    a, t = sigmoid(z), np.tanh(z)
    print(f"{z:>6}  {a * (1 - a):<10.2g}  {1 - t**2:<10.2g}  {relu_slope(z):.0f}")

# %% [markdown] lang="en"
# At 40 the slopes are exactly 0: the output has been rounded to 1. ReLU never saturates
# above zero, but below zero its slope is 0 at once; a unit that is negative for all
# samples is *dead*.
#
# Slopes of several layers are multiplied. The largest slope of sigmoid is 0.25, so each
# layer leaves at most a quarter of the error (times its weights). Here an error goes
# backwards through ten layers of 20 units:

# %% [markdown] lang="zh"
# 在 40 处斜率恰好是 0，因为输出已经舍入成 1。而 ReLU
# 在零以上从不饱和，在零以下斜率却立刻是 0；
# 如果一个单元对所有样本都是负的，它就*死*了（dead）。
#
# 各层的斜率是相乘的。sigmoid 的斜率最大是 0.25，所以每过一层，误差最多剩下四分之一
# （再乘以权重）。下面让误差反向穿过十层，每层 20 个单元：

# %%
kinds = {
    "sigmoid": (sigmoid, lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "ReLU": (relu, lambda a: a > 0),
}
sizes = {}
for name, (f, slope) in kinds.items():
    np.random.seed(1)
    outputs, matrices = [np.random.randn(100, 20)], []
    for _ in range(10):
        matrices.append(np.random.randn(20, 20) * np.sqrt(2 / 20))
        outputs.append(f(outputs[-1] @ matrices[-1]))

    error = np.random.randn(100, 20)
    sizes[name] = []
    for W, a in zip(reversed(matrices), reversed(outputs)):
        error = error * slope(a)  # through the activation
        sizes[name].append(np.abs(error).mean())
        error = error @ W.T  # through the weights
    print(f"{name:<8}last layer {sizes[name][0]:.2g}, first {sizes[name][-1]:.2g}")

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
for colour, (name, values) in zip(pg.draw.style.COLOURS, sizes.items()):
    ax.plot(range(10, 0, -1), values, color=colour, marker="o", markersize=4)
    ax.text(0.8, values[-1], name, color=colour, ha="right", va="center")
ax.set(xlabel="layer", ylabel="mean size of its error", yscale="log")
ax.set(title="An error on its way back through ten layers", xlim=(-1.2, 10.2))
ax.set_xticks(range(1, 11))
pg.draw.style.clean(ax)

# %% [markdown] lang="en"
# Through sigmoids almost nothing arrives at the first layer: the *vanishing gradient*.
# tanh, with its slope of 1 at zero, and ReLU pass the error on. Hidden layers therefore
# use these, mostly ReLU, which costs the least. Sigmoid has moved to the last layer.
#
# plaingrad's layers compute the same functions:

# %% [markdown] lang="zh"
# 穿过 sigmoid，到第一层时误差已所剩无几：这就是*梯度消失*（vanishing gradient）。
# 而 tanh（在零处斜率为 1）和 ReLU 都能把误差传下去。
# 因此隐藏层用的是它们，多数用最省事的 ReLU；sigmoid 则搬到了最后一层。
#
# plaingrad 的层算的就是这些函数：

# %%
z = np.linspace(-5, 5, 101)[:, None]
layers = {"sigmoid": pg.Sigmoid(), "tanh": pg.Tanh(), "ReLU": pg.ReLU()}
differences = {}
for name, (f, _) in kinds.items():
    net = pg.Sequential(layers[name]).build(z, dtype="float64")
    differences[name] = np.abs(net.outputs(z) - f(z)).max()
    print(f"{name}: largest difference {differences[name]:.1g}")

# %% [markdown] lang="en"
# ## Softmax: from scores to probabilities
#
# With several classes, the last layer gives a *score* for each. *Softmax* makes
# probabilities of them: `exp` makes all of them positive, and dividing by the sum lets
# them add up to 1. As it stands in many books, however, it breaks on large scores.

# %% [markdown] lang="zh"
# ## softmax：从得分到概率
#
# 有几个类别时，最后一层给每个类别一个*得分*（score）。*softmax* 把得分变成概率：先用
# `exp` 使它们都为正，再除以总和，使它们加起来等于 1。
# 不过照许多书上那样写，得分一大它就坏了。


# %%
def naive_softmax(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def softmax(scores):
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)


scores = np.array([[0.0, 1.0, 2.0], [1000.0, 1001.0, 1002.0]])
with np.errstate(over="ignore", invalid="ignore"):
    broken = naive_softmax(scores)
print("naive: ", broken.round(4), sep="\n")
print("stable:", softmax(scores).round(4), sep="\n")

# %% [markdown] lang="en"
# `exp(1000)` is too large for a float, and infinity divided by infinity is `nan`, "not
# a number". Softmax does not change when the same number is taken from all scores of a
# row, as that divides every `exp` by the same factor. So we take away the largest: now
# the largest `exp` is 1, and nothing overflows.
#
# The losses need the logarithm of a probability. Taking it afterwards fails at the
# other end: a tiny probability has been rounded to 0. But the logarithm of a quotient
# is a difference, and that of `exp(z)` is `z`. So the tiny number need not be computed:

# %% [markdown] lang="zh"
# `exp(1000)` 超出了浮点数的范围，无穷除以无穷得 `nan`（不是一个数）。
# 一行的得分同减一个数，softmax 不变，因为每个 `exp` 都除以了同一个因子。
# 于是我们减去最大的得分：这样最大的 `exp` 是 1，不会溢出。
#
# 损失需要的是概率的对数。最后才取对数，会在另一头出错：极小的概率已经舍入成 0 了。
# 可是商的对数等于对数之差，`exp(z)` 的对数就是 `z`，所以那个极小的数根本不必算出来：


# %%
def log_softmax(scores):
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


sure = np.array([[0.0, 800.0]])
with np.errstate(divide="ignore"):
    too_late = np.log(softmax(sure))
print("logarithm of softmax:", too_late)
print("log softmax:         ", log_softmax(sure))

for layer, f in ((pg.Softmax(), softmax), (pg.LogSoftmax(), log_softmax)):
    net = pg.Sequential(layer).build(scores, dtype="float64")
    differences[layer.note] = np.abs(net.outputs(scores) - f(scores)).max()
    print(f"{layer.note}: largest difference {differences[layer.note]:.1g}")

# %% [markdown] lang="en"
# ## The last layer and the loss
#
# What the last layer must give depends on the task, and the loss on both:
#
# | task | targets | last layer | loss |
# | --- | --- | --- | --- |
# | yes or no | 0 or 1 | `Linear(1)`, `Sigmoid` | `BinaryCrossEntropy` |
# | one of k classes | 0 ... k - 1 | `Linear(k)`, `Softmax` | `CrossEntropy` |
# | any of k labels | k times 0 or 1 | `Linear(k)`, `Sigmoid` | `BinaryCrossEntropy` |
# | any number | numbers | `Linear(1)` | `MSE` |
# | a number in 0 ... 1 | numbers in 0 ... 1 | `Linear(1)`, `Sigmoid` | `MSE` |
#
# A *cross-entropy* is minus the logarithm of the probability that was given to what
# came true: 0 when the network was sure and right, large when it was sure and wrong.
# `MSE` is the mean squared error.
#
# Before a cross-entropy, `Sigmoid` and `Softmax` may be left out: the loss then takes
# the scores, and the network learns the same.
#
# `fit` chooses the loss by looking at the targets and at the last layer, and says what
# it chose. Four samples are enough to see it:

# %% [markdown] lang="zh"
# ## 最后一层与损失
#
# 最后一层该给出什么，取决于任务；用什么损失，取决于这两者：
#
# | 任务 | 目标 | 最后一层 | 损失 |
# | --- | --- | --- | --- |
# | 是或否 | 0 或 1 | `Linear(1)`, `Sigmoid` | `BinaryCrossEntropy` |
# | k 类中的一类 | 0 … k - 1 | `Linear(k)`, `Softmax` | `CrossEntropy` |
# | k 个标签中的任意几个 | k 列 0 或 1 | `Linear(k)`, `Sigmoid` | `BinaryCrossEntropy` |
# | 任意数 | 数 | `Linear(1)` | `MSE` |
# | 0 … 1 之间的数 | 0 … 1 之间的数 | `Linear(1)`, `Sigmoid` | `MSE` |
#
# *交叉熵*（cross-entropy）是对真实结果所给概率的对数，取负号：
# 有把握而且对，它是 0；有把握却错了，它很大。`MSE` 是均方误差（mean squared error）。
#
# 交叉熵之前的 `Sigmoid` 和 `Softmax` 可以省去：损失就直接用得分，学到的一样。
#
# `fit` 看目标和最后一层来选择损失，并说出选了什么。四个样本就看得出来：

# %%
X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Linear, Sigmoid, Softmax = pg.Linear, pg.Sigmoid, pg.Softmax
tasks = {
    "yes or no": ([0, 1, 1, 0], [Linear(1), Sigmoid()]),
    "one of 3 classes": ([0, 1, 2, 1], [Linear(3), Softmax()]),
    "any of 2 labels": ([[0, 0], [1, 0], [0, 0], [1, 1]], [Linear(2), Sigmoid()]),
    "any number": ([2.5, -1.0, 0.3, 7.0], [Linear(1)]),
    "a number in 0 ... 1": ([0.25, 1.0, 0.3, 0.7], [Linear(1), Sigmoid()]),
}
nets, chosen = {}, {}
for task, (y, layers) in tasks.items():
    nets[task] = pg.Sequential(*layers)
    history = nets[task].fit(X, y, epochs=1)
    chosen[task] = history.chosen[0]
    print(f"{task}:", chosen[task], sep="\n  ")

# %% [markdown] lang="en"
# A combination that cannot work is refused, with the reason. The outputs of a softmax
# share a total of 1, so they cannot say "both labels":

# %% [markdown] lang="zh"
# 行不通的组合会被拒绝，并说明理由。softmax 的各个输出合起来是 1，
# 所以它没法说“两个标签都有”：

# %%
y, _ = tasks["any of 2 labels"]
try:
    pg.Sequential(Linear(2), Softmax()).fit(X, y, epochs=1)
except pg.PlaingradError as error:
    refused = str(error)
    print(refused)

# %% [markdown] lang="en"
# ## Why these pairs
#
# Suppose that the answer is yes (1), and a sigmoid network is sure of no: its score is
# -10. How strongly does each loss pull the score up?

# %% [markdown] lang="zh"
# ## 为什么这样搭配
#
# 假设答案是“是”（1），而一个 sigmoid 网络确信是“否”：它的得分是 -10。
# 两种损失各以多大的力把得分往上拉？

# %%
score, target = -10.0, 1
a = sigmoid(score)
pull_squares = 2 * (a - target) * a * (1 - a)
pull_entropy = a - target
print(f"squared error:        {pull_squares:.6f}")
print(f"binary cross-entropy: {pull_entropy:.6f}")

# %% [markdown] lang="en"
# The squared error hardly pulls: its slope has the factor `a * (1 - a)`, and the
# sigmoid is saturated. The slope of the cross-entropy, `-log(a)`, is `-1 / a`; times
# `a * (1 - a)` that is `a - 1`: the saturated factor has gone. What is left is simply
# prediction minus target.
#
# The same happens with softmax and `CrossEntropy`. As computed above, the loss of a
# sample is `log(sum(exp(scores)))` minus the score of its right class. The slope of the
# first part by one of the scores is `exp(score) / sum(exp(scores))`, which is the
# probability of that class; the second part takes 1 away at the right class. Again it
# is prediction minus target. With plain outputs and `MSE` it is so anyway, but for a
# factor of 2. Look at how the five networks begin their way back:

# %% [markdown] lang="zh"
# 平方误差几乎不拉：它的斜率含因子 `a * (1 - a)`，而 sigmoid 已经饱和。
# 交叉熵 `-log(a)` 的斜率是 `-1 / a`，乘以 `a * (1 - a)` 得 `a - 1`：
# 饱和的因子消去了，剩下的就是预测减目标。
#
# softmax 与 `CrossEntropy` 也是如此。由上文可知，一个样本的损失是
# `log(sum(exp(scores)))` 减去正确类别的得分。前一部分对某个得分的斜率是
# `exp(score) / sum(exp(scores))`，正是这个类别的概率；后一部分在正确类别处减去 1。
# 结果还是预测减目标。不加激活的输出与 `MSE` 本来就是这样，只差一个系数 2。
# 看看这五个网络的反向计算各是怎样开头的：

# %%
first_lines = {}
for task, net in nets.items():
    script = net.longhand().splitlines()
    line = script[script.index("    # backward") + 1]
    first_lines[task] = line.partition("#")[0].strip()
    print(f"{task:<21}{first_lines[task]}")

# %% [markdown] lang="en"
# Four of five are prediction minus target (`np.exp(logprobs)` is the softmax), which
# plaingrad has simplified by itself: neither the sigmoid's slope nor a logarithm that
# could be infinite is ever computed. Only in the last row the factor remains: learning
# is slow while outputs are wrong at the ends. `loss=pg.BinaryCrossEntropy()` takes
# targets between 0 and 1 as well, and then it is gone.

# %% [markdown] lang="zh"
# 五个中有四个是预测减目标（`np.exp(logprobs)` 就是 softmax）。
# 这是 plaingrad 化简的结果：既不计算 sigmoid 的斜率，也不会去算可能无穷大的对数。
# 只有最后一行还留着那个因子：预测 0 到 1 之间的数时，如果输出错在两端，学起来就慢。
# 写明 `loss=pg.BinaryCrossEntropy()` 就没有这个因子了，它也接受 0 与 1 之间的目标。

# %% [markdown] lang="en" tags=["question"]
# Two classes can also be had with two outputs and softmax. Compare `softmax` of the
# scores `[[z, 0]]` with `sigmoid(z)`.
#
# ---
#
# The first probability is `exp(z) / (exp(z) + 1)`, and dividing above and below by
# `exp(z)` gives `1 / (1 + exp(-z))`: the sigmoid. It is the softmax of two classes, one
# of which has the score 0. A second output would add weights, but no possibilities.

# %% [markdown] lang="zh" tags=["question"]
# 两个类别也可以用两个输出加 softmax。比较得分 `[[z, 0]]` 的 `softmax` 与 `sigmoid(z)`。
#
# ---
#
# 第一个概率是 `exp(z) / (exp(z) + 1)`，分子分母同除以 `exp(z)`，
# 得 `1 / (1 + exp(-z))`：正是 sigmoid。它就是两个类别、其中一类得分为 0 时的 softmax。
# 再加一个输出，只会多出一些权重，并不多出什么可能性。
