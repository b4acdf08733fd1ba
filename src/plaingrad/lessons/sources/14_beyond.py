# %% [markdown] lang="en"
# # Beyond the notes
#
# What the notes leave to the large frameworks, and what you can now read: all of MNIST
# to 99 per cent, a loss of your own, a network of forty layers, and one network
# as three programs, of which PyTorch is the third. At the end stands a proof.

# %% [markdown] lang="zh"
# # 讲义之外
#
# 讲义把这些事留给了大型框架，而你现在已经能读懂：用全部 MNIST 训练到 99%，
# 一个自己写的损失，一个四十层的网络，以及写成三个程序的同一个网络，
# 其中第三个用 PyTorch。最后是一份证明。

# %% tags=["settings"]
IMAGES = 60_000
EPOCHS = 10
SEED = 0

# %% [markdown] lang="en"
# ## LeNet-5 on all of MNIST
#
# The convolution of lesson 8 had one layer. LeNet-5 (LeCun and others, 1998) has two,
# each followed by *pooling*: of every 2 x 2 values one is made, so that the sides of
# the picture halve. The second convolution looks at the features of the first, and
# thereby at larger parts of the image. (We keep the largest of the four values, *max
# pooling*, and take ReLU, as is usual today. The original had averages and tanh.)

# %% [markdown] lang="zh"
# ## 用全部 MNIST 训练 LeNet-5
#
# 第 8 课的卷积只有一层。LeNet-5（LeCun 等，1998）有两层，
# 每层之后都接一次*池化*（pooling）：每 2 x 2 个值合成一个，
# 图像的边长就减半。第二层卷积看的是第一层得到的特征，因而看到图像中更大的部分。
# （我们照今天通行的做法，只留四个值中最大的，即*最大池化*（max pooling），并用 ReLU；
# 1998 年的原作用的是平均和 tanh。）

# %%
import numpy as np

import plaingrad as pg

data = pg.data.mnist()
X_train, y_train = data.X_train[:IMAGES], data.y_train[:IMAGES]
lenet = pg.Sequential(
    pg.Conv2d(6, 5, padding="same"),
    pg.ReLU(),
    pg.MaxPool2d(2),
    pg.Conv2d(16, 5),
    pg.ReLU(),
    pg.MaxPool2d(2),
    pg.Flatten(),
    pg.Linear(120),
    pg.ReLU(),
    pg.Linear(84),
    pg.ReLU(),
    pg.Linear(10),
)
print(lenet.build(X_train).summary())

# %% [markdown] lang="en"
# Two things are new. `AdamW` is Adam, which gives every weight a step size of its own,
# and makes all weights shrink a little at each step, so that none grows without need.
# `OneCycle` moves the learning rate up from almost nothing to 0.005 and down again:
# careful at the start, bold in the middle, fine at the end.
#
# The test images take no part in any choice; they are looked at once, at the end.

# %% [markdown] lang="zh"
# 有两样新东西。`AdamW` 就是 Adam（它给每个权重各自的步长），
# 此外每一步让所有权重都缩小一点，免得哪个权重无谓地变大。`OneCycle` 让学习率
# 从几乎为零升到 0.005，再降回去：开头谨慎，中间大胆，最后精细。
#
# 测试图片不参与任何选择，只在最后看一次。

# %%
history = lenet.fit(
    X_train,
    y_train,
    optimizer=pg.AdamW(lr=pg.OneCycle(0.005), weight_decay=0.05),
    epochs=EPOCHS,
    batch_size=128,
    seed=SEED,
)
for epoch in range(0, EPOCHS, 3):
    print(f"epoch {epoch + 1:>2}: loss {history.loss[epoch]:.4f}")
guesses = lenet.predict(data.X_test)
wrong = guesses != data.y_test
test_accuracy = 1 - wrong.mean()
print(f"\ntest accuracy {test_accuracy:.4f}: {wrong.sum()} of {len(wrong)} wrong")
print(f"{history.seconds:.0f} s for {EPOCHS} epochs of {IMAGES} images")

# %%
pg.draw.misclassified(data.X_test, data.y_test, guesses)

# %% [markdown] lang="en"
# At some of them one would like to ask the writer.
#
# ## A loss of your own
#
# A taxi is to take us to the airport, and we want to be late in one case of ten at
# most. The *mean* travel time does not help here, and a network that learns by squared
# errors predicts just that. What we need is a *quantile*: the time below which nine of
# ten journeys stay.
#
# There is a loss for it. A prediction that is too small costs `late` for every minute,
# one that is too large costs `early`. We take 9 and 1. Let us try plain numbers as
# predictions for a heap of journeys:

# %% [markdown] lang="zh"
# 有几个，真想去问问写字的人。
#
# ## 自己的损失
#
# 坐出租车去机场，希望十次里最多迟到一次。行车时间的*平均*在这里没有用，
# 而用平方误差训练的网络预测的正是平均。我们要的是*分位数*（quantile）：
# 十次里有九次不超过的那个时间。
#
# 有一种损失正适合它：预测偏小时，每分钟的代价是 `late`；偏大时，每分钟是 `early`。
# 我们取 9 和 1。先对一堆行程试几个固定的预测值：

# %%
rng = np.random.default_rng(1)
distance = rng.uniform(0, 3, (400, 1))
minutes = 10 * distance + 5 * distance * rng.exponential(1, (400, 1))


def priced(late, early):
    def loss(pred, y):
        short = y - pred
        return np.maximum(late * short, -early * short)

    return loss


tried = np.arange(0, 80, 0.5)
costs = [priced(late=9, early=1)(guess, minutes).mean() for guess in tried]
cheapest = tried[np.argmin(costs)]
share_below = (minutes <= cheapest).mean()
print(f"cheapest guess: {cheapest} minutes, and {share_below:.1%} stay below it")

# %% [markdown] lang="en"
# The cheapest number is the quantile. Why? Move it up a little: that costs `early` more
# for every journey below it, and saves `late` for every one above. The two balance when
# nine journeys are below for each one above.
#
# A function `loss(pred, y)` in NumPy is all that `fit` needs. It is called once, with
# symbols in place of numbers, and derived like everything else.

# %% [markdown] lang="zh"
# 最便宜的数就是分位数。为什么？把它往上挪一点：低于它的行程各多付 `early`，
# 高于它的各省下 `late`。低于它的是高于它的九倍时，两者恰好相抵。
#
# `fit` 需要的只是一个用 NumPy 写的函数 `loss(pred, y)`。它只被调用一次，
# 传进去的是符号而不是数，然后和别的东西一样求导。

# %%
nets, below = {}, {}
for late, early in [(1, 9), (1, 1), (9, 1)]:
    net = pg.Sequential(pg.Linear(16), pg.Tanh(), pg.Linear(1))
    net.fit(
        distance,
        minutes,
        loss=priced(late, early),
        optimizer=pg.Adam(lr=pg.Cosine(0.1)),  # the rate falls along a cosine
        epochs=400,
    )
    nets[late, early] = net
    below[late, early] = (minutes <= net.outputs(distance)).mean()
    print(f"late {late}, early {early}: {below[late, early]:.1%} stay below the curve")

script = net.longhand()
print()
print(script[script.index("        # loss") : script.index("        dW2")])
loss_proved = net.prove(distance, minutes)
print("certificate:", loss_proved.verdict)

# %%
import matplotlib.pyplot as plt

grid = np.linspace(0, 3, 200)[:, None]
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
ax.scatter(distance, minutes, s=9, color="0.65", label="journeys")
for (prices, net), colour in zip(nets.items(), pg.draw.style.COLOURS):
    label = "late {}, early {}".format(*prices)
    ax.plot(grid, net.outputs(grid), color=colour, linewidth=2, label=label)
ax.set(title="Three networks that differ in nothing but their loss")
ax.set(xlabel="distance in tens of km", ylabel="minutes")
ax.legend(frameon=False)
pg.draw.style.clean(ax)

# %% [markdown] lang="en"
# ## Forty layers
#
# More layers could do more, but plain ones soon do less. On the way forwards each layer
# squeezes the values a little, on the way back it squeezes the gradient. A factor of
# 0.94 is harmless; forty of them leave 0.08.
#
# A *residual* layer (He and others, 2015) adds its input to its output: `h + f(h)`
# instead of `f(h)`. The slope of that is 1 plus the slope of `f`, so that values and
# gradients pass unharmed, and `f` learns only what is to be added. By hand, with 40
# layers of 16 tanh units; `skip` is 0 or 1:

# %% [markdown] lang="zh"
# ## 四十层
#
# 层数多了，本该更有本领；可是普通的层一多，反而更差。正向时，每一层都把数值压小一点；
# 反向时，又把梯度压小一点。乘一次 0.94 无伤大雅，连乘四十次就只剩 0.08。
#
# *残差*（residual）层（何恺明等，2015）把输入加到输出上：用 `h + f(h)` 代替 `f(h)`。
# 它的斜率是 1 加上 `f` 的斜率，所以数值和梯度都能完好
# 地通过，`f` 只需学习要添上的那一部分。亲手试一试，40 层，每
# 层 16 个 tanh 单元；`skip` 取 0 或 1：

# %%
np.random.seed(1)
first = np.random.randn(300, 16)
matrices = [0.25 * np.random.randn(16, 16) for _ in range(40)]


def there_and_back(skip):
    h, outputs, values = first, [], []
    for W in matrices:
        a = np.tanh(h @ W)
        h = skip * h + a
        outputs.append(a)
        values.append(np.abs(h).mean())
    dh, gradients = np.ones_like(h), []
    for W, a in zip(matrices[::-1], outputs[::-1]):
        gradients.append(np.abs(dh).mean())
        dh = skip * dh + dh * (1 - a**2) @ W.T
    return values, gradients[::-1]


ways = {"plain": there_and_back(skip=0), "residual": there_and_back(skip=1)}
print("mean size         layer 1  layer 40")
for name, (values, gradients) in ways.items():
    print(f"{name:<9}values   {values[0]:>6.3f}    {values[-1]:>6.3f}")
    print(f"{'':<9}gradient {gradients[0]:>6.3f}    {gradients[-1]:>6.3f}")

# %%
import matplotlib.pyplot as plt

blue, orange = pg.draw.style.COLOURS[:2]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True, layout="constrained")
figure.suptitle("What forty layers of tanh do to values and gradients")
layers = np.arange(1, 41)
for name, colour in [("plain", orange), ("residual", blue)]:
    for ax, sizes in zip(axes, ways[name]):
        ax.semilogy(layers, sizes, color=colour, linewidth=2, label=name)
axes[0].set(title="values, from left to right", xlabel="layer", ylabel="mean size")
axes[1].set(title="gradients, from right to left", xlabel="layer")
axes[0].legend(frameon=False, loc="lower left")
for ax in axes:
    pg.draw.style.clean(ax)

# %% [markdown] lang="en"
# The plain values fade forwards, and the gradient fades on its way back, from layer 40
# to layer 1. A weight's gradient is a product of the two. With residual layers both
# grow instead, about five-fold and thirteen-fold, which does less harm.
#
# ## The same in plaingrad
#
# `pg.Residual(...)` takes the layers that make `f`. We put the points of the spiral
# (lesson 9) through 3 to 40 layers of either kind. The engine is the printed NumPy:
# so small and deep a network is trained before machine code for it could be made.

# %% [markdown] lang="zh"
# 普通层的数值越往前越小；梯度从第 40 层往第 1 层走，也越来越小。
# 权重的梯度是这两者的乘积。残差层则两者都会变大，约为五倍和十三倍，危害小得多。
#
# ## 用 plaingrad 来写
#
# `pg.Residual(...)` 接收组成 `f` 的那些层。我们让螺旋线上的点（第 9 课）
# 通过 3 到 40 层，两种各试一遍。引擎用打印出来的 NumPy：网络又小又深，
# 等机器码编译好，训练早就结束了。

# %%
X_spiral, y_spiral = pg.data.spiral(points=100, classes=3, seed=0)


def plain():
    return [pg.Linear(16), pg.Tanh()]


def residual():
    return [pg.Residual(pg.Linear(16), pg.Tanh())]


scores = {}
print("layers  plain  residual")
for depth in (3, 10, 20, 30, 40):
    for kind in (plain, residual):
        inner = [layer for _ in range(depth) for layer in kind()]
        deep = pg.Sequential(pg.Linear(16), pg.Tanh(), *inner, pg.Linear(3))
        adam = pg.Adam(lr=pg.Cosine(0.005))
        deep.fit(X_spiral, y_spiral, optimizer=adam, epochs=60, engine="reference")
        scores[kind.__name__, depth] = deep.score(X_spiral, y_spiral)
    print(f"{depth:>6}  {scores['plain', depth]:>5.3f}", end="")
    print(f"{scores['residual', depth]:>10.3f}")

# %% [markdown] lang="en"
# ## One network, three programs
#
# Now the same network three times: in plaingrad, as the script that plaingrad prints,
# and in PyTorch. It has a residual layer, learns the 1,797 small digits that plaingrad
# ships, and takes 50 steps of Adam on all images at once. We keep the weights that it
# starts with.

# %% [markdown] lang="zh"
# ## 一个网络，三个程序
#
# 现在把同一个网络写三遍：用 plaingrad，用 plaingrad 打印的脚本，再用 PyTorch。
# 它有一个残差层，学习 plaingrad 自带的 1797 张小数字图片，用 Adam 走 50 步，
# 每步用全部图片。我们把起点的权重留下来。

# %%
X, y = pg.data.digits()
net = pg.Sequential(
    pg.Linear(32),
    pg.Tanh(),
    pg.Residual(pg.Linear(32), pg.Tanh()),
    pg.Linear(10),
)
net.build(X, dtype="float64")
begin = [value.copy() for value in net.params.values()]
net.fit(
    X,
    y,
    optimizer=pg.Adam(lr=0.01),
    epochs=50,
    batch_size=None,
    dtype="float64",
)
trained = list(net.params.values())
print(f"accuracy on the digits it learnt: {net.score(X, y):.4f}")

# %% [markdown] lang="en"
# The script needs nothing but NumPy, so it runs in a process of its own, where
# plaingrad is not even imported. One line is put at its end, to keep the weights.

# %% [markdown] lang="zh"
# 这个脚本只需要 NumPy，所以让它在单独的进程里运行，那里连 plaingrad 都没有导入。
# 只在末尾添一行，把权重存下来。

# %%
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

KEEP = "np.savez('weights.npz', *params)\n"
script = net.longhand()
with TemporaryDirectory() as folder:
    np.savez(Path(folder, "data.npz"), X=X, y=y)
    Path(folder, "train.py").write_text(script + KEEP)
    command = [sys.executable, "train.py"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    with np.load(Path(folder, "weights.npz")) as kept:
        by_script = list(kept.values())


def largest_difference(one, other):
    return max(np.abs(a - b).max() for a, b in zip(one, other))


script_difference = largest_difference(trained, by_script)
print(script[script.index("    dscores") : script.index("    db1")])
print(f"plaingrad and its script: largest difference {script_difference:.1g}")

# %% [markdown] lang="en"
# Find the residual layer in it: `dz1` adds what comes past the layer, `da2`, to what
# comes through it. The script has no other trick.
#
# In PyTorch the gradients are not to be seen: `backward` makes them, and leaves them in
# the parameters, `step` takes them from there, and `zero_grad` must sweep them out.

# %% [markdown] lang="zh"
# 从里面找出残差层：`dz1` 把绕过这一层的 `da2` 加到穿过这一层的那一部分上。
# 此外再没有别的窍门。
#
# 在 PyTorch 里看不到梯度：`backward` 算出它们，留在参数里；`step` 从那里取用；
# 还得用 `zero_grad` 把它们清掉。

# %%
import torch


class Digits(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(64, 32)
        self.inner = torch.nn.Linear(32, 32)
        self.last = torch.nn.Linear(32, 10)

    def forward(self, x):
        h = torch.tanh(self.first(x))
        h = h + torch.tanh(self.inner(h))
        return self.last(h)


model = Digits().double()
with torch.no_grad():
    for parameter, value in zip(model.parameters(), begin):
        parameter.copy_(torch.tensor(value.T))  # PyTorch has rows for outputs

# %%
import torch

images, labels = torch.tensor(X, dtype=torch.float64), torch.tensor(y)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for _ in range(50):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
by_torch = [parameter.detach().numpy().T for parameter in model.parameters()]
torch_difference = largest_difference(trained, by_torch)
print(f"plaingrad and PyTorch: largest difference {torch_difference:.1g}")

# %% [markdown] lang="en"
# The three agree to rounding.
#
# ## The last word has a proof
#
# Is LeNet-5 right, too, in all its 61,706 gradients, through convolutions and pooling?
# `net.prove` measures slopes from the loss alone and compares: up to forty of each
# array one by one, and all of them together along random directions. Then it follows
# the training from these slopes to the printed script, and from there to machine code.
# We take the images that it gets wrong: there the gradients are large, while the others
# it has learnt so well that little is left to compare.

# %% [markdown] lang="zh"
# 三者一致，只差舍入误差。
#
# ## 最后，用证明来说话
#
# 那么 LeNet-5 呢，穿过卷积和池化，它的 61706 个梯度也
# 都对吗？`net.prove` 只从损失出发测出斜率，再作比较：每个数组最多逐个测四十个，
# 再沿随机方向把全部合在一起测。然后它跟着训练走，
# 从这些斜率到打印的脚本，再从脚本到机器码。这里用它认错的那些图片：那里的梯度大；
# 其余的它学得太好，几乎没剩下什么可比的。

# %%
certificate = lenet.prove(data.X_test[wrong], data.y_test[wrong])
for row in certificate.rows:
    layer = row.layer or "input"
    print(f"{layer:<30}{row.name:<3} error {row.error:.1e}, {row.verdict}")
print()
for link in certificate.links:
    print(f"the updates by {link.name}: differ by {link.error:.1g}, {link.verdict}")

# %% [markdown] lang="en"
# So ends the course: a network is a program that you can read, and what you have read
# has been proved. What remains are your own data, and your own questions.

# %% [markdown] lang="zh"
# 课程到此结束：网络是一个读得懂的程序，而读过的东西都经过了证明。
# 接下来，就是你自己的数据，你自己的问题了。

# %% [markdown] lang="en" tags=["question"]
# Is it impossible to train 30 plain layers? Try a smaller learning rate.
#
# ---
#
# ```python
# inner = [layer for _ in range(30) for layer in plain()]
# careful = pg.Sequential(pg.Linear(16), pg.Tanh(), *inner, pg.Linear(3))
# adam = pg.Adam(lr=pg.Cosine(0.001))
# careful.fit(X_spiral, y_spiral, optimizer=adam, engine="reference")
# print(careful.score(X_spiral, y_spiral))
# ```
#
# No: with a fifth of the rate (and `fit`'s own 100 epochs) they learn. Adam divides
# each gradient by its usual size, so that one that has faded is made large again.
# Residual layers do not make the impossible possible. They make easy what is touchy.

# %% [markdown] lang="zh" tags=["question"]
# 三十层的普通网络就一定训练不了吗？试一试更小的学习率。
#
# ---
#
# ```python
# inner = [layer for _ in range(30) for layer in plain()]
# careful = pg.Sequential(pg.Linear(16), pg.Tanh(), *inner, pg.Linear(3))
# adam = pg.Adam(lr=pg.Cosine(0.001))
# careful.fit(X_spiral, y_spiral, optimizer=adam, engine="reference")
# print(careful.score(X_spiral, y_spiral))
# ```
#
# 不是：学习率取五分之一（并按 `fit` 默认的 100 轮），它们也
# 能学会。Adam 把每个梯度都除以它平时的大小，所以变小了的梯度又被放大。
# 残差层并没有把不可能变成可能，而是让难伺候的变得好训练。

# %% [markdown] lang="en" tags=["question"]
# What does the middle curve of the taxis predict, with `late` and `early` both 1?
#
# ---
#
# The loss is then `abs(y - pred)`. Half of the journeys stay below the curve, half
# above: it predicts the *median*. A single journey of ten hours would not move it, but
# would pull a mean upwards: the slope of the absolute error knows on which side a point
# lies, and not how far away.

# %% [markdown] lang="zh" tags=["question"]
# `late` 和 `early` 都取 1 时，出租车那张图里中间的曲线预测的是什么？
#
# ---
#
# 这时损失就是 `abs(y - pred)`。一半行程低于曲线，一半高于曲线：它预测的
# 是*中位数*（median）。混进一次长达十小时的行程，中位数不为所动，平均数却会被拉高：
# 绝对误差的梯度只看一个点在哪一边，不看它有多远。
