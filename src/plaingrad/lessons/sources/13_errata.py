# %% [markdown] lang="en"
# # Errata
#
# The books and courses that these lessons follow print code with mistakes in it, and
# readers copy them. Most do not stop the program: the error still falls a little, and
# nobody is told. Here they are, one after the other: the few lines in question, what a
# check says, the repair, and the check that passes. At the end stand three things that
# look like mistakes and are none.

# %% [markdown] lang="zh"
# # 勘误
#
# 这套课程所依据的书和教程，印出来的代码里有错误，读者也就跟着抄了下去。
# 这些错误大多不会让程序停下来：误差照样会降一点，谁都不会发觉。
# 本课把它们逐一列出：出错的几行代码，检查的结果，改法，以及改后通过的检查。
# 最后还有三件看起来像错误、其实不是错误的事。

# %% [markdown] lang="en"
# ## How to catch a wrong gradient
#
# A *gradient* claims, for every weight, the slope of the loss: by how much the loss
# grows when this weight grows a little. Claims can be tested. Move a weight up and
# down, look at the loss both times, and divide the difference by the distance: that is
# the *measured* slope. By hand:

# %% [markdown] lang="zh"
# ## 怎样抓住错误的梯度
#
# *梯度*（gradient）对每个权重都作出一个断言：这个权重增大一点点时，损失增加多少，
# 也就是损失的斜率。断言是可以检验的：把权重调大一点，再调小一点，看两次的损失，
# 相减后除以间距，就得到*测得*的斜率。亲手写出来是这样：

# %%
import numpy as np

import plaingrad as pg


def measured(loss, W, h=1e-5):
    slopes = np.zeros_like(W)
    for place in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[place] = h
        slopes[place] = (loss(W + step) - loss(W - step)) / (2 * h)
    return slopes


pairs, cosines, lengths = {}, {}, {}


def compare(name, claimed, slopes):
    length = np.linalg.norm(claimed) / np.linalg.norm(slopes)
    cosine = (claimed * slopes).sum() / (np.linalg.norm(slopes) ** 2 * length)
    pairs[name], cosines[name], lengths[name] = (claimed, slopes), cosine, length
    print(f"\ncosine {cosine:.2f}, length {length:.2g}")


# %% [markdown] lang="en"
# `compare` sums up two tables of slopes in two numbers. The *cosine* says how well
# their directions agree: 1 is the same direction, 0 is across, -1 is the opposite one.
# The length is that of the claimed gradient when the measured one counts 1. For a right
# gradient both are 1.
#
# `pg.check` compares entry by entry, and looks for the cause.
#
# ## 1. A product the wrong way round
#
# *Grokking Deep Learning* (Andrew Trask), chapter 5, where three inputs meet three
# outputs: `outer_prod(input, delta)`. Each row of the weights belongs to an output, but
# each row of this product to an input. (The notebooks of the book are corrected.)

# %% [markdown] lang="zh"
# `compare` 用两个数概括两张斜率表。*余弦*（cosine）说明两者的方向有多一
# 致：1 是同向，0 是垂直，-1 是反向。长度（length）是所声称的梯度的长度，以测得的为 1。
# 正确的梯度，两个数都是 1。
#
# `pg.check` 逐个元素地比较，并寻找原因。
#
# ## 1. 乘积的次序反了
#
# *Grokking Deep Learning*（Andrew Trask）第 5 章，三个输入、三个输出的
# 那一节：`outer_prod(input, delta)`。权重的每一行对应一个输出，
# 而这个乘积的每一行却对应一个输入。（随书的笔记本已经改正。）

# %%
x, goal = np.array([8.5, 0.65, 1.2]), np.array([0.1, 1.0, 0.1])
rows = np.array([[0.1, 0.1, -0.3], [0.1, 0.2, 0.0], [0.0, 1.3, 0.1]])


def loss(W):
    return ((W @ x - goal) ** 2).sum() / 2


def transposed(W):
    delta = W @ x - goal
    return np.outer(x, delta)


found, passed = {}, {}
found["outer product"] = pg.check(loss, rows, transposed)
print(found["outer product"])
compare("outer product", transposed(rows), measured(loss, rows))


# %%
def repaired(W):
    delta = W @ x - goal
    return np.outer(delta, x)


passed["outer product"] = pg.check(loss, rows, repaired)
print(passed["outer product"])

# %% [markdown] lang="en"
# (The numbers of lines count in the file of this lesson.)
#
# ## 2. The derivative of ReLU, with `>=`
#
# Chapter 8 takes the derivative of ReLU from its *output*. The output is never
# negative, so `output >= 0` is true for every unit, on or off.

# %% [markdown] lang="zh"
# （行号按本课的源文件计。）
#
# ## 2. ReLU 的导数写成了 `>=`
#
# 第 8 章由 ReLU 的*输出*求导数。输出从不为负，所以不管单元是
# 否激活，`output >= 0` 总是成立。


# %%
def relu(z):
    return np.maximum(z, 0)


def relu2deriv(output):
    return output >= 0


found["ReLU mask"] = pg.check_function(relu, relu2deriv)
print(found["ReLU mask"])

# %% [markdown] lang="en"
# In a small network, the units that are off and had no part in the error are changed
# all the same. (`W1` leads from six inputs to eight hidden units; lesson 6 shows what
# this costs on handwritten digits.)

# %% [markdown] lang="zh"
# 放进一个小网络里看：没有激活、与误差无关的单元也照样被改。
# （`W1` 从 6 个输入通到 8 个隐藏单元；它在手写数字上要付出多大代价，见第 6 课。）

# %%
np.random.seed(1)
X = np.random.randn(20, 6)
Y = np.eye(3)[X[:, :3].argmax(axis=1)]
W1, W2 = 0.5 * np.random.randn(6, 8), np.random.randn(8, 3)


def squared_error(W1):
    return ((relu(X @ W1) @ W2 - Y) ** 2).sum() / 2


def never_off(W1):
    hidden = relu(X @ W1)
    delta = hidden @ W2 - Y
    return X.T @ (delta @ W2.T * relu2deriv(hidden))


compare("ReLU mask", never_off(W1), measured(squared_error, W1))


# %%
def relu2deriv(output):
    return output > 0


passed["ReLU mask"] = pg.check_function(relu, relu2deriv)
print(passed["ReLU mask"])

# %% [markdown] lang="en"
# ## 3. Dropout's factor, one way only
#
# Chapter 8: *dropout* multiplies the hidden layer by `mask * 2` (a random half of the
# units is off, the others count double). On the way back only the `mask` is there.

# %% [markdown] lang="zh"
# ## 3. 丢弃法的系数只乘了一半路
#
# 第 8 章：*丢弃法*（dropout）随机关掉一半单元，其余的加倍，
# 也就是把隐藏层乘以 `mask * 2`。往回走时却只乘了 `mask`。

# %%
mask = np.random.randint(2, size=(20, 8))
params = {"W1": W1, "W2": W2}


def dropout_error(p):
    hidden = relu(X @ p["W1"]) * mask * 2
    return ((hidden @ p["W2"] - Y) ** 2).sum() / 2


def forwards_only(p):
    layer_1 = relu(X @ p["W1"])
    hidden = layer_1 * mask * 2
    delta = hidden @ p["W2"] - Y
    layer_1_delta = delta @ p["W2"].T * relu2deriv(layer_1) * mask
    return {"W1": X.T @ layer_1_delta, "W2": hidden.T @ delta}


found["dropout"] = pg.check(dropout_error, params, forwards_only)
print(found["dropout"])
slopes = measured(lambda W1: dropout_error({"W1": W1, "W2": W2}), W1)
compare("dropout", forwards_only(params)["W1"], slopes)


# %%
def both_ways(p):
    layer_1 = relu(X @ p["W1"])
    hidden = layer_1 * mask * 2
    delta = hidden @ p["W2"] - Y
    layer_1_delta = delta @ p["W2"].T * relu2deriv(layer_1) * mask * 2
    return {"W1": X.T @ layer_1_delta, "W2": hidden.T @ delta}


passed["dropout"] = pg.check(dropout_error, params, both_ways)
print(passed["dropout"])

# %% [markdown] lang="en"
# The direction is right and the step half as long: the first layer learns at half the
# rate of the second. That is the mildest mistake here.
#
# ## 4. The derivative of tanh, of the wrong array
#
# Chapter 9: the derivative of tanh is `1 - output ** 2`, but `layer_1` has been masked
# and doubled in place by then. Of a doubled output, `1 - output ** 2` goes down to -3:
# the sign turns round for every unit beyond 1/2.

# %% [markdown] lang="zh"
# 方向是对的，只是步子短了一半：第一层的学习率成了第二层的一半。这是本课最轻的错误。
#
# ## 4. tanh 的导数取错了数组
#
# 第 9 章：tanh 的导数是 `1 - output ** 2`，
# 可这时 `layer_1` 已经就地乘过掩码、加过倍了。对加倍以后
# 的输出，`1 - output ** 2` 最低会到 -3：凡是超过 1/2 的单元，符号都反了。


# %%
def entropy(W1):
    scores = np.tanh(X @ W1) * mask * 2 @ W2
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return -(Y * logs).sum() / len(X)


def of_doubled(W1):
    layer_1 = np.tanh(X @ W1)
    hidden = layer_1 * mask * 2
    exps = np.exp(hidden @ W2)
    delta = (exps / exps.sum(axis=1, keepdims=True) - Y) / len(X)
    return X.T @ (delta @ W2.T * (1 - hidden**2) * mask * 2)


found["tanh"] = pg.check(entropy, W1, of_doubled)
print("\n".join(str(found["tanh"]).splitlines()[:12]))  # a remark follows
compare("tanh", of_doubled(W1), measured(entropy, W1))


# %%
def of_output(W1):
    layer_1 = np.tanh(X @ W1)
    exps = np.exp(layer_1 * mask * 2 @ W2)
    delta = (exps / exps.sum(axis=1, keepdims=True) - Y) / len(X)
    return X.T @ (delta @ W2.T * (1 - layer_1**2) * mask * 2)


passed["tanh"] = pg.check(entropy, W1, of_output)
print("\n".join(str(passed["tanh"]).splitlines()[:3]))

# %% [markdown] lang="en"
# ## 5. Kernels that climb
#
# Chapter 10 computes `delta` as target minus prediction, so all weights must be *added
# to*. One line is right, `weights +=`, and one is not: `kernels -=`. Neither line is
# wrong by itself, so the checker needs the whole script. It takes one from a file, as
# `plaingrad check train.py` does, finds the training loop and examines its steps.

# %% [markdown] lang="zh"
# ## 5. 往上爬的卷积核
#
# 第 10 章的 `delta` 是目标减预测，所以所有权重都应当用*加*来更新。
# 其中 `weights +=` 那一行是对的，`kernels -=` 那一行不对。单看哪一行都看不出错，
# 所以检查器需要整个程序。它像 `plaingrad check train.py` 那样读一个文件，
# 找到训练循环，检查每一步更新。

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

from plaingrad.prove.script import check_script


def check_text(script):
    with TemporaryDirectory() as folder:
        path = Path(folder, "train.py")
        path.write_text(script)
        outcome, report = check_script(path)
    print("\n".join(report.splitlines()[2:]))  # without the file's name and the time
    return outcome


climbing = """\
import numpy as np
np.random.seed(1)
images = np.random.random((32, 6, 6))
labels = np.eye(3)[images[:, :3, :3].mean(axis=(1, 2)).argsort() % 3]
places = [(r, c) for r in range(4) for c in range(4)]
windows = np.stack([images[:, r:r+3, c:c+3] for r, c in places], axis=1)
patches = windows.reshape(-1, 9)
kernels = 0.2 * np.random.random((9, 4)) - 0.1
weights = 0.2 * np.random.random((64, 3)) - 0.1
alpha, losses = 0.5, []
for step in range(60):
    hidden = np.tanh(patches @ kernels).reshape(32, -1)
    exps = np.exp(hidden @ weights)
    probs = exps / exps.sum(axis=1, keepdims=True)
    loss = -(labels * np.log(probs)).sum() / 32
    losses.append(loss)
    delta = (labels - probs) / 32
    hidden_delta = delta @ weights.T * (1 - hidden ** 2)
    weights += alpha * hidden.T @ delta
    kernels -= alpha * patches.T @ hidden_delta.reshape(-1, 4)
"""
found["kernels"] = check_text(climbing)

# %%
passed["kernels"] = check_text(found["kernels"].text)

wrong, right = {}, {}
exec(climbing, wrong)
exec(found["kernels"].text, right)
print("\nloss      as printed  repaired")
for step in (0, 20, 40, 59):
    print(f"step {step:>2}: {wrong['losses'][step]:>11.4f}", end="")
    print(f"{right['losses'][step]:>10.4f}")

# %% [markdown] lang="en"
# What the weights gain, the kernels lose: after 60 steps the network knows no more than
# at the start, where it guesses among three classes (ln 3 = 1.0986).
#
# ## 6. An iterator that is used up
#
# Tutorials on multi-layer networks, written for Python 2, make the mini-batches once,
# by `zip`. In Python 2 that was a list; in Python 3 one can run through it a single
# time. From the second epoch on, the inner loop finds nothing to do, and does nothing.

# %% [markdown] lang="zh"
# 权重学到的，又被卷积核退了回去：60 步以后，网络懂得的并不比开始时多，
# 那时它只是在三个类别里瞎猜（ln 3 = 1.0986）。
#
# ## 6. 用完了的迭代器
#
# 有些讲多层网络的教程是为 Python 2 写的，小批量用 `zip` 只生成一次。
# 在 Python 2 里那是一个列表；在 Python 3 里它只能从头到尾走一遍。从第二轮起，
# 内层循环无事可做，也就什么都不做。

# %%
used_up = """\
import numpy as np
np.random.seed(1)
X = np.random.randn(60, 4)
T = X @ np.array([[1.0], [-2.0], [0.5], [3.0]])
W, alpha, costs = np.zeros((4, 1)), 0.1, []
batches = zip(np.split(X, 6), np.split(T, 6))
for epoch in range(30):
    for x, t in batches:
        diff = x @ W - t
        cost = (diff ** 2).mean() / 2
        W -= alpha * x.T @ diff / len(x)
    costs.append(cost)
"""
found["zip"] = check_text(used_up)

# %%
passed["zip"] = check_text(found["zip"].text)

wrong_zip, right_zip = {}, {}
exec(used_up, wrong_zip)
exec(found["zip"].text, right_zip)
print("\ncost       as printed  repaired")
for epoch in (0, 1, 29):
    print(f"epoch {epoch:>2}: {wrong_zip['costs'][epoch]:>11.4g}", end="")
    print(f"{right_zip['costs'][epoch]:>10.4g}")

# %% [markdown] lang="en"
# A cost that stays the same to the last digit never comes from a small learning rate.
#
# ## 7. Left over from Python 2
#
# The same tutorials use `xrange` and `sklearn.cross_validation`, which are gone. These
# at least stop the program. The checker mends them and goes on to the gradients.

# %% [markdown] lang="zh"
# 如果代价连最后一位小数都不变，那就绝不是学习率太小的缘故。
#
# ## 7. Python 2 的遗留
#
# 同样是这些教程，还用到 `xrange` 和 `sklearn.cross_validation`，两者都已不存在。
# 这类错误至少会让程序停下来。检查器把它们改好，再去检查梯度。

# %%
old = """\
import numpy as np
from sklearn.cross_validation import train_test_split
np.random.seed(1)
X = np.random.randn(80, 4)
T = X @ np.array([1.0, -2.0, 0.5, 3.0])
X_train, X_test, T_train, T_test = train_test_split(X, T, random_state=1)
w, alpha = np.zeros(4), 0.1
for epoch in xrange(30):
    diff = X_train @ w - T_train
    cost = (diff ** 2).mean() / 2
    w -= alpha * X_train.T @ diff / len(diff)
"""
found["Python 2"] = check_text(old)

# %%
passed["Python 2"] = check_text(found["Python 2"].text)

# %% [markdown] lang="en"
# ## 8. The step on the wrong side
#
# The rest is from notes on *Deep Learning from Scratch* (Koki Saitoh), as they go round
# the web. Chapter 4 measures slopes as we did above, but `/ 2 * h` divides by 2 and
# then *multiplies* by h.

# %% [markdown] lang="zh"
# ## 8. h 放错了一边
#
# 其余几个出自网上流传的《深度学习入门》（斋藤康毅）读书笔记。第 4 章测斜率，
# 做法与上文相同，可是 `/ 2 * h` 先除以 2，再*乘以* h。


# %%
def square(x):
    return x**2


def misplaced(x):
    h = 1e-4
    return (square(x + h) - square(x - h)) / 2 * h


found["step h"] = pg.check_function(square, misplaced)
print(found["step h"])
points = np.linspace(-2, 2, 9)
compare("step h", misplaced(points), 2 * points)


# %%
def in_brackets(x):
    h = 1e-4
    return (square(x + h) - square(x - h)) / (2 * h)


passed["step h"] = pg.check_function(square, in_brackets)
print(passed["step h"])

# %% [markdown] lang="en"
# With h = 1e-4 the gradient comes out a hundred million times too small. Nothing seems
# to be wrong, only nothing learns.
#
# ## 9. The same bias twice
#
# Two layers, the second line copied from the first: `b1` stands in both. NumPy objects
# only where the layers differ in size, so here they both have three units.

# %% [markdown] lang="zh"
# h = 1e-4 时，梯度小到只有正确值的一亿分之一。看上去没有什么不对，只是什么也学不到。
#
# ## 9. 同一个偏置用了两次
#
# 两层网络，第二行从第一行复制而来，结果两处都是 `b1`。只有两层大小
# 不同时，NumPy 才会报错，所以这里让两层都有三个单元。

# %%
sizes = {"W1": (6, 3), "b1": (3,), "W2": (3, 3), "b2": (3,)}
biased = {name: np.random.randn(*shape) for name, shape in sizes.items()}


def forward(p):
    z1 = 1 / (1 + np.exp(-(X @ p["W1"] + p["b1"])))
    return z1, z1 @ p["W2"] + p["b1"]


def forward_loss(p):
    return ((forward(p)[1] - Y) ** 2).sum() / 2


def gradients(p):
    z1, pred = forward(p)
    delta = pred - Y
    delta_1 = delta @ p["W2"].T * z1 * (1 - z1)
    sums = {"b1": delta_1.sum(axis=0), "b2": delta.sum(axis=0)}
    return {"W1": X.T @ delta_1, "W2": z1.T @ delta, **sums}


found["b1 twice"] = pg.check(forward_loss, biased, gradients)
print(found["b1 twice"])


# %%
def forward(p):
    z1 = 1 / (1 + np.exp(-(X @ p["W1"] + p["b1"])))
    return z1, z1 @ p["W2"] + p["b2"]


passed["b1 twice"] = pg.check(forward_loss, biased, gradients)
print(passed["b1 twice"])

# %% [markdown] lang="en"
# Note where the mistake is: not in the gradients but in the prediction. A check does
# not know which of the two you meant; it says that they do not fit.
#
# ## 10. Softmax over the whole batch
#
# *Softmax* turns the scores of a sample into probabilities that sum to 1. Written for
# one sample and then given a batch, it makes them sum to 1 over all samples together.

# %% [markdown] lang="zh"
# 注意错误的位置：不在梯度里，而在预测里。检查并不知道你想要的是哪一个，
# 它只说两者对不上。
#
# ## 10. 对整个批量做 softmax
#
# *Softmax* 把一个样本的各个得分变成概率，它们的和是 1。为单个样本写的函数，
# 一旦交给它一个批量，就变成所有样本的概率加在一起才等于 1。


# %%
def softmax(scores):
    exps = np.exp(scores - scores.max())
    return exps / exps.sum()


def cross_entropy(W):
    return -(Y * np.log(softmax(X @ W))).sum() / len(X)


def gradient(W):
    return X.T @ (softmax(X @ W) - Y) / len(X)


W = np.random.randn(6, 3)
sums = softmax(X @ W).sum(axis=1)
print("sums of the first samples:", sums[:4].round(3), "\n")
found["softmax"] = pg.check(cross_entropy, W, gradient)
print(found["softmax"])
compare("softmax", gradient(W), measured(cross_entropy, W))


# %%
def softmax(scores):
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


passed["softmax"] = pg.check(cross_entropy, W, gradient)
print(passed["softmax"])

# %% [markdown] lang="en"
# ## 11. `y.shape(0)`
#
# `shape` is a tuple, a row of numbers, and no function. Python says so, but only when
# the line is reached.

# %% [markdown] lang="zh"
# ## 11. `y.shape(0)`
#
# `shape` 是元组（tuple），也就是一排数，不是函数。Python 会报错，
# 不过要等执行到那一行才报。

# %%
called = """\
import numpy as np
def cross_entropy(y, t):
    n = y.shape(0)
    return -np.sum(t * np.log(y + 1e-7)) / n
np.random.seed(0)
x = np.random.randn(60, 4)
t = np.eye(3)[x[:, :3].argmax(axis=1)]
W, alpha = np.zeros((4, 3)), 0.5
for step in range(50):
    exps = np.exp(x @ W)
    y = exps / exps.sum(axis=1, keepdims=True)
    loss = cross_entropy(y, t)
    W -= alpha * x.T @ (y - t) / len(x)
"""
found["shape"] = check_text(called)

# %%
passed["shape"] = check_text(found["shape"].text)

# %% [markdown] lang="en"
# ## What is not a mistake
#
# **A squared error whose gradient lacks the 2.** The direction is right, and all steps
# are half as long: a matter of taste and of the learning rate. But *all* steps must be;
# in 3 it was one layer of two, and that is a mistake.

# %% [markdown] lang="zh"
# ## 哪些不是错误
#
# **平方误差的梯度里没有 2。** 方向是对的，每一步都短了一半：这只是习惯，
# 由学习率来弥补。但必须是*每一步*都如此；第 3 条里两层中只有一层短了一半，那就是错误。


# %%
def squares(W):
    return ((X @ W - Y) ** 2).sum()


def without_2(W):
    return X.T @ (X @ W - Y)


convention = pg.check(squares, W, without_2)
print(convention)

# %% [markdown] lang="en"
# **Row `k` of the outputs, row `start + k` of the labels.** In a batch that begins at
# image `start`, the outputs count from 0 and the labels from the first image of all, so
# that these are the same image. Copies of this code that readers made even have
# `labels[start + k : end + k + 1]`, which is too wide. It changes no number either:
# `np.argmax` takes the first of equal maxima, and that stands in the first row.

# %% [markdown] lang="zh"
# **输出取第 `k` 行，标签取第 `start + k` 行。** 一个批量从第 `start` 张图片开始，
# 输出从 0 数起，标签从所有图片的第一张数起，所以两者是同一张图片。
# 有的读者抄成了 `labels[start + k : end + k + 1]`，切片取宽了。这也不改变任何结果：
# `np.argmax` 在几个相等的最大值中取第一个，而它就在第一行。

# %%
sliced = """\
import numpy as np
np.random.seed(1)
images = np.random.randn(40, 6)
labels = np.eye(3)[images[:, :3].argmax(axis=1)]
W, alpha = 0.2 * np.random.random((6, 3)) - 0.1, 0.5
for epoch in range(20):
    correct = 0
    for start in range(0, 40, 10):
        end = start + 10
        exps = np.exp(images[start:end] @ W)
        output = exps / exps.sum(axis=1, keepdims=True)
        loss = -(labels[start:end] * np.log(output)).sum() / 10
        for k in range(10):
            right = np.argmax(labels[start + k : end + k + 1])
            correct += int(np.argmax(output[k : k + 1]) == right)
        W -= alpha * images[start:end].T @ (output - labels[start:end]) / 10
    print(loss, correct / 40)
"""
slices = check_text(sliced)

# %% [markdown] lang="en"
# **A difference at a kink.** ReLU bends at 0. Where a weighted sum is exactly 0, as
# with zero biases and a black image, the slope to the left is 0 and the slope to the
# right is not; a difference across the kink gives the mean of both. It proves nothing
# against the gradient, which may choose either.

# %% [markdown] lang="zh"
# **折点处的差。** ReLU 在 0 处有个折点（kink）。如果加权和恰
# 好是 0（例如偏置为零，图片全黑），左边的斜率是 0，右边的不是；跨过折点求差，
# 得到的是两者的平均。这并不能说明梯度错了，梯度取哪一边都可以。

# %%
samples = np.array([[0.0, 0.0], [1.0, -2.0], [-1.0, 2.0]])  # the first is black
W_in, W_out = np.random.randn(2, 4), np.random.randn(4, 1)


def total(b):
    return (relu(samples @ W_in + b) @ W_out).sum()


def gradient_b(b):
    on = samples @ W_in + b > 0
    return (on * W_out.T).sum(axis=0)


b = np.zeros(4)
print("claimed ", gradient_b(b).round(3))
print("measured", measured(total, b).round(3), "\n")
kinks = pg.check(total, b, gradient_b)
print(kinks)

# %% [markdown] lang="en"
# ## The handwriting of a mistake
#
# Each point is one weight: to the right the slope that was measured, upwards the one
# that was claimed. Right gradients lie on the line. A factor keeps the points on
# another line, a wrong mask moves some of them, and a wrong direction scatters all.

# %% [markdown] lang="zh"
# ## 错误的笔迹
#
# 每个点是一个权重：横轴是测得的斜率，纵轴是所声称的斜率。正确的梯度落在直线上。
# 差一个系数，点就落在另一条直线上；掩码错了，只有一部分点偏离；方向错了，点就散开。

# %%
import matplotlib.pyplot as plt

blue, orange = pg.draw.style.COLOURS[:2]
figure, axes = plt.subplots(2, 3, figsize=(9, 6), layout="constrained")
figure.suptitle("Claimed slopes against measured ones, six mistakes")
for ax, (name, (claimed, slopes)) in zip(axes.ravel(), pairs.items()):
    scale = 1.1 * max(np.abs(claimed).max(), np.abs(slopes).max())
    ax.plot([-1, 1], [-1, 1], color="0.6", linewidth=1)
    ax.scatter(slopes / scale, claimed / scale, s=18, color=orange, alpha=0.8)
    ax.set(title=f"{name}: cosine {cosines[name]:.2f}", xlim=(-1, 1), ylim=(-1, 1))
    ax.set(xticks=[0], yticks=[0], aspect="equal")
    pg.draw.style.clean(ax)
figure.supxlabel("measured")
figure.supylabel("claimed")

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
ax.plot(wrong["losses"], color=orange, label="as printed: kernels -=")
ax.plot(right["losses"], color=blue, label="repaired: kernels +=")
ax.set(title="Two updates of one network, one of them uphill")
ax.set(xlabel="step", ylabel="loss", ylim=(0, None))
ax.legend(frameon=False, loc="lower left")
pg.draw.style.clean(ax)

# %% [markdown] lang="en"
# ## All of them
#
# | mistake | where | what it costs | how it is found |
# | --- | --- | --- | --- |
# | 1. transposed product | *Grokking*, 5 | stalls; cosine 0.34 | claimed.T = measured |
# | 2. ReLU mask `>=` | *Grokking*, 8 | cosine 0.82 | `pg.check_function` |
# | 3. dropout's 2 one way | *Grokking*, 8 | half steps in one layer | `pg.check` |
# | 4. tanh of doubled units | *Grokking*, 9 | cosine 0.28 | `pg.check` |
# | 5. `kernels -=` | *Grokking*, 10 | loss 1.09 for 0.31 | the step goes UP |
# | 6. `zip` used up | tutorials | all epochs but one | the cost stands still |
# | 7. Python 2 | tutorials | stops | the text alone |
# | 8. `/ 2 * h` | notes | learns nothing | claimed = 1e-08 * measured |
# | 9. `b1` twice | notes | two wrong biases | slope of `b2` is 0 |
# | 10. softmax, no axis | notes | cosine -0.16 | sums are not 1 |
# | 11. `y.shape(0)` | notes | stops | the text alone |
#
# Some stop by themselves. Three habits catch all the others: measure the slopes once,
# before training; do it with several samples, and sizes that all differ; look whether
# the loss moves.

# %% [markdown] lang="zh"
# ## 总表
#
# | 错误 | 出处 | 代价 | 怎样发现 |
# | --- | --- | --- | --- |
# | 1. 乘积次序反了 | *Grokking* 5 | 停滞；余弦 0.34 | claimed.T = measured |
# | 2. ReLU 掩码 `>=` | *Grokking* 8 | 余弦 0.82 | `pg.check_function` |
# | 3. 丢弃法的 2 只乘一半路 | *Grokking* 8 | 一层步子减半 | `pg.check` |
# | 4. tanh 取自加倍的输出 | *Grokking* 9 | 余弦 0.28 | `pg.check` |
# | 5. `kernels -=` | *Grokking* 10 | 损失 1.09，应为 0.31 | 更新往上走 |
# | 6. `zip` 用完了 | 教程 | 只训练了一轮 | 代价一动不动 |
# | 7. Python 2 | 教程 | 程序停下 | 看文本即可 |
# | 8. `/ 2 * h` | 笔记 | 什么也学不到 | claimed = 1e-08 * measured |
# | 9. `b1` 用了两次 | 笔记 | 两个偏置都错 | `b2` 的斜率为 0 |
# | 10. softmax 没有轴 | 笔记 | 余弦 -0.16 | 和不是 1 |
# | 11. `y.shape(0)` | 笔记 | 程序停下 | 看文本即可 |
#
# 有几个错误自己就会让程序停下。其余的，三个习惯就能全部抓住：训练之前先测一次斜率；
# 测的时候用几个样本，而且各个大小都不相同；看看损失到底动不动。

# %% [markdown] lang="en" tags=["question"]
# Give the wrong softmax a single sample, and check it again. What comes out, and why do
# the habits above ask for several samples and different sizes?
#
# ---
#
# ```python
# def one_for_all(scores):
#     exps = np.exp(scores - scores.max())
#     return exps / exps.sum()
#
#
# def entropy_of_one(W):
#     return -(Y[:1] * np.log(one_for_all(X[:1] @ W))).sum()
#
#
# def gradient_of_one(W):
#     return X[:1].T @ (one_for_all(X[:1] @ W) - Y[:1])
#
#
# one = pg.check(entropy_of_one, W, gradient_of_one)
# print(one)
# ```
#
# It passes. For one sample the axis does not matter, and the function is right. A check
# speaks for the case that it was given. One sample hides a wrong axis and a missing
# 1 / n; equal sizes hide a transpose and a wrong bias; weights of zero hide nearly all.

# %% [markdown] lang="zh" tags=["question"]
# 只给错误的 softmax 一个样本，再检查一次。结果如何？上面的习惯为什么要用几个样本、
# 大小还要各不相同？
#
# ---
#
# ```python
# def one_for_all(scores):
#     exps = np.exp(scores - scores.max())
#     return exps / exps.sum()
#
#
# def entropy_of_one(W):
#     return -(Y[:1] * np.log(one_for_all(X[:1] @ W))).sum()
#
#
# def gradient_of_one(W):
#     return X[:1].T @ (one_for_all(X[:1] @ W) - Y[:1])
#
#
# one = pg.check(entropy_of_one, W, gradient_of_one)
# print(one)
# ```
#
# 通过了。只有一个样本时，沿哪个轴都一样，函数是对的。检查只对交给它的情形负责。
# 单个样本会掩盖错误的轴和漏掉的 1 / n；相等的大小会掩盖转置和用错的偏置；
# 权重全为零，几乎什么错误都会被掩盖。

# %% [markdown] lang="en" tags=["question"]
# In the script of the kernels, leave both updates as printed and turn `delta` round:
# `(probs - labels) / 32`. Which update goes uphill now? Which is "the" mistake?
#
# ---
#
# Now the kernels go down and the weights climb: the checker names the line of
# `weights`. With the old `delta` it named that of `kernels`. `delta` and the two signs
# must fit together, and each of the three can be changed to suit the others. A check
# proves that they do not fit; what you meant, only you know.

# %% [markdown] lang="zh" tags=["question"]
# 在卷积核那个程序里，两行更新都保持原样，
# 只把 `delta` 反过来，写成 `(probs - labels) / 32`。现在是哪一行在往上爬？
# 到底哪里才是“那个”错误？
#
# ---
#
# 现在卷积核往下走，权重往上爬：检查器指出的是 `weights` 那一行；反过来之前，
# 它指出的是 `kernels` 那一行。`delta` 和两个正负号要互相配合，
# 三者之中改哪一个去迁就其余两个都行。检查能证明它们不配；
# 你的本意，只有你自己知道。
