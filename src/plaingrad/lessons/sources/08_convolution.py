# %% [markdown] lang="en"
# # The same small sum everywhere
#
# A convolution looks at an image through a small window, with the same few weights at
# every place. It is made of windows and one matrix product. We build it by hand, find
# out that the kernels of a famous example climb, and measure what a framework saves.
#
# The example is that of chapter 10 of *Grokking Deep Learning* (Andrew Trask): 16
# kernels of 3 by 3 on the first 1,000 digits of MNIST.

# %% [markdown] lang="zh"
# # 处处相同的小加权和
#
# 卷积透过一个小窗口看图片，在每个位置都用同样的几个权重。它由窗口和一次矩阵乘法构成。
# 我们先亲手写出来，再发现一个著名例子里的卷积核在往上爬，最后量一量框架能省下多少时间。
#
# 例子取自 *Grokking Deep Learning*（Andrew Trask）第 10 章：用 16 个
# 3 × 3 的卷积核，认 MNIST 的前 1000 个数字。

# %% tags=["settings"]
HAND = 3  # epochs by hand
EPOCHS = 300  # epochs by plaingrad

# %%
import os
import time

import numpy as np

import plaingrad as pg

data = pg.data.mnist()
images, labels = data.X_train[:1000], data.y_train[:1000]
test_images, test_labels = data.X_test, data.y_test
wanted = np.eye(10)[labels]
print(images.shape, "as (images, rows, columns, channels)")

# %% [markdown] lang="en"
# ## Windows
#
# A corner or an edge is the same wherever it stands. A layer that gives every pixel a
# weight of its own has to learn it anew at each place. So cut the image into all its
# windows of 3 by 3 pixels, and lay each one flat, as a row of 9 numbers. In 28 pixels
# there is room for 26 windows in each direction.

# %% [markdown] lang="zh"
# ## 窗口
#
# 一个角、一条边，在哪里都是同一个样子。如果每个像素都有自己的权重，
# 网络就得在每个位置重新学一遍。所以，把图片切成所有 3 × 3 的窗口，
# 每个窗口摊平成一行 9 个数。28 个像素的方向上，放得下 26 个窗口。


# %%
def windows_by_slices(images, places=26):
    found = []
    for row in range(places):
        for column in range(places):
            window = images[:, row : row + 3, column : column + 3, 0]
            found.append(window.reshape(len(images), 1, 9))
    return np.concatenate(found, axis=1)  # (images, places * places, 9)


windows = windows_by_slices(images[:1])[0]
print("one image:", windows.shape)
print("the window at row 8, column 11:", windows[8 * 26 + 11].round(2))

# %% [markdown] lang="en"
# A *kernel* is 9 weights, a column. Rows times column is a weighted sum at each place:
# again an image, a *feature map*. With 16 kernels side by side it is one matrix product
# that makes 16 feature maps. This kernel has -1 above and 1 below: it answers where
# dark turns to bright on the way down.

# %% [markdown] lang="zh"
# *卷积核*（kernel）是 9 个权重，排成一列。行乘列，就在每个位置得到一个加权和，
# 合起来又是一张图，叫做*特征图*（feature map）。16 个卷积核并排放，
# 一次矩阵乘法就得到 16 张特征图。下面这个卷积核上面是 -1，下面是 1：
# 从上往下由暗变亮的地方，它的反应最大。

# %%
edge = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
feature_map = (windows @ edge.reshape(9)).reshape(26, 26)
print("windows", windows.shape, "@ kernel (9,) ->", feature_map.shape)

# %%
import matplotlib.pyplot as plt

orange = pg.draw.style.COLOURS[1]
figure, axes = plt.subplots(
    1, 3, figsize=(9, 3.4), layout="constrained", width_ratios=[4, 1.6, 4]
)
axes[0].imshow(images[0, :, :, 0], cmap="gray")
axes[0].set_title("An image and three of its windows")
for row, column in [(5, 12), (8, 11), (19, 14)]:
    box = plt.Rectangle((column - 0.5, row - 0.5), 3, 3, fill=False, color=orange, lw=2)
    axes[0].add_patch(box)
shown = [windows[r * 26 + c] for r, c in [(5, 12), (8, 11), (19, 14)]]
axes[1].imshow(shown, cmap="gray", vmin=0, vmax=1)
axes[1].set_title("As rows of 9")
reach = np.abs(feature_map).max()
axes[2].imshow(feature_map, cmap=pg.draw.style.DIVERGING, vmin=-reach, vmax=reach)
axes[2].set_title("Rows @ kernel: dark above bright is red")
for ax in axes:
    ax.set(xticks=[], yticks=[])

# %% [markdown] lang="en"
# ## By hand, as in the book
#
# Windows, kernels, tanh, dropout, a layer to 10 outputs, softmax. Backwards, the
# kernels' gradient is one more product: the windows, transposed, times the deltas. All
# places of all images add up in it, for they share the weights.
#
# The training below is as in the book, its slips included: 25 places, where 26
# have room; 7 batches, so that 104 images are never seen; tanh's derivative of masked
# and doubled outputs (see the lesson on a thousand digits); and one more, which is yet
# to be found. The rate is 2, divided by the batch of 128 twice, which is 2 / 128 for
# the mean.

# %% [markdown] lang="zh"
# ## 亲手写，照书上的样子
#
# 窗口，卷积核，tanh，丢弃法，一层到 10 个输出，softmax。
# 反向时，卷积核的梯度也只是一次乘法：窗口矩阵转置，乘以各处的 delta。
# 所有图片所有位置都加在一起，因为它们共用同样的权重。
#
# 下面的训练与书中相同，毛病也照抄：能放 26 个窗口，只取了 25 个；只有 7 批，
# 有 104 张图片从来没用上；tanh 的导数取自掩码、加倍之后的输出（见“一千个数字”那一课）；
# 另外还有一处，等会儿再找。学习率是 2，又两次除以批量 128，对平均值来说是 2 / 128。


# %%
def softmax(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def outputs(images, kernels, weights):
    rows = windows_by_slices(images, 25).reshape(-1, 9)
    return np.tanh((rows @ kernels).reshape(len(images), -1)) @ weights


def accuracy(kernels, weights):
    right = 0
    for start in range(0, 10000, 500):
        part = slice(start, start + 500)
        pred = outputs(test_images[part], kernels, weights)
        right += np.sum(pred.argmax(axis=1) == test_labels[part])
    return right / 10000


# %%
parts = [slice(start, start + 128) for start in range(0, 896, 128)]
rows = [windows_by_slices(images[part], 25).reshape(-1, 9) for part in parts]
rows = [one.astype(float) for one in rows]


def train(sign, epochs):
    np.random.seed(1)
    kernels = 0.02 * np.random.random((9, 16)) - 0.01
    weights = 0.2 * np.random.random((25 * 25 * 16, 10)) - 0.1
    course = []
    for epoch in range(epochs):
        error = 0
        for layer_0, part in zip(rows, parts):
            layer_1 = np.tanh((layer_0 @ kernels).reshape(128, -1))
            mask = np.random.randint(2, size=layer_1.shape)
            layer_1 *= mask * 2
            layer_2 = softmax(layer_1 @ weights)
            error -= np.log(layer_2[wanted[part] == 1]).sum() / 896
            layer_2_delta = (wanted[part] - layer_2) / (128 * 128)
            layer_1_delta = layer_2_delta @ weights.T * (1 - layer_1**2) * mask
            weights += 2 * layer_1.T @ layer_2_delta
            kernels += sign * 2 * layer_0.T @ layer_1_delta.reshape(-1, 16)
        course.append((error, accuracy(kernels, weights)))
        print(f"epoch {epoch}: error {error:.4f}, test accuracy {course[-1][1]:.4f}")
    return course


# %%
book = train(-1, HAND)
print("the book prints 0.0288, 0.0273 and 0.028 for epochs 0, 1 and 2")

# %% [markdown] lang="en"
# The same numbers. But guessing would give 0.1! And the error *grows*, from the
# ln 10 = 2.3026 of a network that knows nothing: something goes uphill.
#
# ## Who climbs?
#
# The book writes the deltas as wanted minus predicted, so that they point downhill. It
# *adds* them to `weights`, but *subtracts* them from `kernels`. For the checker: what
# the loop subtracts from an array has to be the slope of the loss.

# %% [markdown] lang="zh"
# 数字与书上一样。可是瞎猜也有 0.1！而且误差从一无所知的网络的 ln 10 = 2.3026 起，
# 反而*变大*了：有什么东西在上坡。
#
# ## 谁在爬坡？
#
# 书中的 delta 是目标减预测，所以指向下坡方向。`weights` *加上*它，
# `kernels` 却*减去*它。交给检查器：循环从一个数组里减去的，应当就是损失的斜率。

# %%
batch, target = windows_by_slices(images[:8]), wanted[:8]


def forward(p):
    layer_1 = np.tanh((batch @ p["kernels"]).reshape(8, -1))
    return layer_1, softmax(layer_1 @ p["weights"])


def loss(p):
    _, layer_2 = forward(p)
    return -(target * np.log(layer_2)).sum()


def subtracted(p):
    layer_1, layer_2 = forward(p)
    layer_2_delta = target - layer_2
    layer_1_delta = layer_2_delta @ p["weights"].T * (1 - layer_1**2)
    k_update = batch.reshape(-1, 9).T @ layer_1_delta.reshape(-1, 16)
    return {"kernels": k_update, "weights": -layer_1.T @ layer_2_delta}


# %%
np.random.seed(1)
params = {
    "kernels": 0.02 * np.random.random((9, 16)) - 0.01,
    "weights": 0.2 * np.random.random((26 * 26 * 16, 10)) - 0.1,
}
found = pg.check(loss, params, subtracted)
print(found)

# %% [markdown] lang="en"
# Repaired, by hand, for as many epochs:

# %% [markdown] lang="zh"
# 改正以后，亲手训练同样多轮：

# %%
repaired = train(+1, HAND)

# %% [markdown] lang="en"
# ## The same as layers
#
# `Conv2d(16, 3)` makes the windows and the product, `Flatten` lays what the kernels
# found in a row for the last layer. Two steps with all 26 places and without dropout,
# to compare:

# %% [markdown] lang="zh"
# ## 写成层
#
# `Conv2d(16, 3)` 取窗口、做乘法；`Flatten` 把各个卷积核的结果排成一行，交给最后一层。
# 为了比较，先走两步，26 个位置全用，不加丢弃法：


# %%
def begin(net, dtype="float32"):
    np.random.seed(1)
    net.build(images, dtype=dtype)
    kernels = 0.02 * np.random.random((9, 16)) - 0.01
    net.params["W1"][:] = kernels.reshape(3, 3, 1, 16)
    net.params["W2"][:] = 0.2 * np.random.random((26 * 26 * 16, 10)) - 0.1


def network(*dropout):
    convolution = pg.Conv2d(16, 3, bias=False)
    return pg.Sequential(
        convolution, pg.Tanh(), pg.Flatten(), *dropout, pg.Linear(10, bias=False)
    )


# %%
settings = {
    "loss": pg.CrossEntropy(),
    "optimizer": pg.SGD(lr=2 / 128),
    "batch_size": 128,
    "warm_start": True,  # from the weights that are there
}
net = network()
begin(net, "float64")
start = {name: array.copy() for name, array in net.params.items()}
net.fit(images[:128], labels[:128], epochs=2, dtype="float64", **settings)

# %%
kernels, weights = start["W1"].reshape(9, 16), start["W2"]
layer_0 = windows_by_slices(images[:128].astype(float)).reshape(-1, 9)
for _ in range(2):
    layer_1 = np.tanh((layer_0 @ kernels).reshape(128, -1))
    layer_2_delta = (wanted[:128] - softmax(layer_1 @ weights)) / 128
    layer_1_delta = layer_2_delta @ weights.T * (1 - layer_1**2)
    weights = weights + 2 / 128 * layer_1.T @ layer_2_delta
    kernels = kernels + 2 / 128 * layer_0.T @ layer_1_delta.reshape(-1, 16)
difference = max(
    np.abs(net.params["W1"].reshape(9, 16) - kernels).max(),
    np.abs(net.params["W2"] - weights).max(),
)
print(f"largest difference of a weight {difference:.1g}")
print(net.summary())

# %% [markdown] lang="en"
# ## 300 epochs
#
# Now with dropout, with all 1,000 images in a new order in each epoch, and with *weight
# decay* (`l2`): a small pull of all weights to zero, against learning by heart, since
# there are 108,304 weights and 1,000 images. And, to compare, once more with kernels
# that climb. An optimiser of plaingrad is a formula, so that is one line.

# %% [markdown] lang="zh"
# ## 300 轮
#
# 现在加上丢弃法，1000 张图片全用，每轮换一次顺序；再加上*权重衰减*（weight decay，
# 即 `l2`）：把所有权重轻轻拉向零，防止死记硬背，因为权重有 108304 个，
# 图片只有 1000 张。作为对照，也让卷积核往上爬，再训练一次。
# 在 plaingrad 里优化器就是一个公式，所以只要一行。


# %%
class Climbing(pg.SGD):
    def update(self, p, dp, lr, step):
        return (p + lr * dp if p.ndim == 4 else p - lr * dp,)  # kernels have 4 axes


class Watch(pg.Callback):
    def __init__(self, net):
        self.net, self.course = net, []

    def on_epoch_end(self, history):
        if history.epochs % 3 == 0 or history.epochs == EPOCHS:
            test = self.net.score(test_images, test_labels)
            self.course.append((history.epochs, test))


courses = []
for optimizer in [Climbing(2 / 128), pg.SGD(2 / 128)]:
    net = network(pg.Dropout(0.5))
    begin(net)
    watch = Watch(net)
    chosen = {**settings, "optimizer": optimizer, "l2": 0.03}
    history = net.fit(images, labels, epochs=EPOCHS, callbacks=[watch], **chosen)
    courses.append(watch.course)
    print(f"{type(optimizer).__name__:<9} test {watch.course[-1][1]:.4f}", end="  ")
    print(f"{EPOCHS} epochs in {history.seconds:.1f} s")

# %%
import matplotlib.pyplot as plt

blue, orange = pg.draw.style.COLOURS[:2]
figure, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
ax.plot(*zip(*courses[0]), color=orange, label="kernels climb, as in the book")
ax.plot(*zip(*courses[1]), color=blue, label="kernels go down, too")
ax.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
ax.set_title("Accuracy on 10,000 test images")
ax.legend(loc="lower right")
pg.draw.style.clean(ax)

# %% [markdown] lang="en"
# A strange picture: up and down, and in the end all is well. The book's numbers swing
# likewise (0.3563 after epoch 10, 0.0133 after 20, 0.6608 after 30) and end at 0.8774.
# Who looks only at the last number does not see the mistake.
#
# The smallest network of this kind has one kernel `k` and one weight `w`. Their product
# should be 1, and `k` climbs:

# %% [markdown] lang="zh"
# 奇怪的图：忽上忽下，最后却一切正常。书中的数字也是这样摆动的
# （第 10 轮 0.3563，第 20 轮 0.0133，第 30 轮 0.6608），最后到 0.8774。
# 只看最后一个数，就发现不了这个错误。
#
# 这类网络最小的一个，只有一个卷积核 `k` 和一个权重 `w`。
# 它们的乘积应当是 1，而 `k` 往上爬：

# %%
k, w = 0.1, 2.0
for step in range(17):
    if step % 2 == 0:
        print(f"step {step:>2}: k {k:>5.2f}, w {w:>5.2f}, k * w {k * w:>5.2f}")
    delta = 1 - k * w
    k, w = k - 0.1 * delta * w, w + 0.1 * delta * k

# %% [markdown] lang="en"
# In a step `w` adds `k * k` to the product and `k` takes `w * w` away, both times the
# delta. As long as the weights are the larger ones, the output runs away from the
# target, and drives the kernels on, until they are the larger ones: then `w` wins, and
# goes down for both. First they go round in a circle; that it ends well is luck.

# %% [markdown] lang="zh"
# 每走一步，`w` 给乘积加上 `k * k`，`k` 从中减去 `w * w`，都再乘以 delta。
# 只要权重更大，输出就背离目标，同时把卷积核越推越大，直到它们大过权重：
# 这时 `w` 占了上风，替两者一起下坡。先是绕圈，后来碰巧有了好结局。

# %% [markdown] lang="en"
# ## What the kernels found
#
# The kernels of the last network, and what they make of the first test image. Red is
# positive, blue negative. Some have become edges in one direction or another, most a
# blur that asks how much ink there is. Nobody told them.

# %% [markdown] lang="zh"
# ## 卷积核学到了什么
#
# 最后这个网络的卷积核，以及它们对第一张测试图片的反应。红色为正，蓝色为负。
# 有几个成了某个方向的边缘检测器，多数变得模糊，看的是那里有多少墨。没有人教过它们。

# %%
import matplotlib.pyplot as plt

maps = net.inside("a1", test_images[:1])  # (1, 26, 26, 16)

figure, axes = plt.subplots(1, 2, figsize=(10, 3.9), layout="constrained")
pg.draw.kernels(net.params["W1"], axes[0])
pg.draw.features(maps.reshape(26 * 26, 16), (26, 26), axes[1])
axes[1].set_title("The first test image in 16 feature maps")
axes[1].child_axes[0].set_ylabel("output of tanh")

# %% [markdown] lang="en"
# ## What an epoch costs
#
# Cutting windows by slices, as in the book, is 676 slices for every batch in every
# epoch. `sliding_window_view` shows NumPy the same windows without cutting. And
# plaingrad compiles the whole update. All do the same work here: one epoch of 1,000
# images in batches of 128, 26 places, with dropout, in float32; plaingrad on one
# thread. (How many threads the products of NumPy use, its own library decides.)

# %% [markdown] lang="zh"
# ## 一轮要多久
#
# 照书上那样用切片取窗口，每轮的每一批都要切 676 次。
# 而 `sliding_window_view` 让 NumPy 不必切割就看到同样的窗口。
# plaingrad 则把整步更新编译成机器码。这里三者做同样的事：一轮 1000 张图片，
# 每批 128 张，26 个位置，带丢弃法，float32；plaingrad 只用一个线程。
# （NumPy 的矩阵乘法用几个线程，由它自己的库决定。）


# %%
def windows_by_view(images):
    view = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
    return view.reshape(len(images), -1, 9)


np.testing.assert_array_equal(windows_by_view(images), windows_by_slices(images))


def epoch_by_hand(windows, kernels, weights):
    for start in range(0, 1000, 128):
        batch, target = images[start : start + 128], wanted[start : start + 128]
        layer_0 = windows(batch).reshape(-1, 9)
        layer_1 = np.tanh((layer_0 @ kernels).reshape(len(batch), -1))
        mask = np.random.randint(2, size=layer_1.shape, dtype=np.int8)
        dropped = layer_1 * mask * 2
        layer_2_delta = (softmax(dropped @ weights) - target) / len(batch)
        layer_2_delta = layer_2_delta.astype(np.float32)
        layer_1_delta = layer_2_delta @ weights.T * mask * 2 * (1 - layer_1**2)
        weights -= 2 / 128 * dropped.T @ layer_2_delta
        kernels -= 2 / 128 * layer_0.T @ layer_1_delta.reshape(-1, 16)


# %%
seconds = {}
for name, windows in [("slices", windows_by_slices), ("view", windows_by_view)]:
    kernels = start["W1"].reshape(9, 16).astype(np.float32)
    weights = start["W2"].astype(np.float32)
    begun = time.perf_counter()
    epoch_by_hand(windows, kernels, weights)
    seconds[name] = time.perf_counter() - begun

net = network(pg.Dropout(0.5))
begin(net)
history = net.fit(images, labels, epochs=5, threads=1, **settings)
seconds["plaingrad"] = history.seconds / 5
print(f"{os.cpu_count()} processors; plaingrad on one thread")
for name, one in seconds.items():
    times, hours = one / seconds["plaingrad"], one * 300 * 10 * 5 / 3600
    print(f"{name:<10}{one * 1000:>6.0f} ms an epoch, {times:>4.1f} times", end="")
    print(f"{hours:>6.1f} hours")

# %% [markdown] lang="en"
# The view saves the cutting. The rest of the time goes into the arrays in between, each
# of which is written to memory and read again. A compiled update does without most of
# them. The hours are for 300 epochs with ten times the images and five rates to try,
# and this is the smallest network of its kind. (The book's loop also tests after each
# epoch, image by image, with 625 slices for each of 10,000.) Writing it by hand shows
# how it works; for real work one wants a framework.

# %% [markdown] lang="zh"
# 换成视图，省下的是切割。其余的时间花在中间的那些数组上：个个都要写进内存、
# 再读出来；编译好的更新则大多用不着它们。最后一栏（hours，小时）是：图片多十倍，
# 学习率试五个，各训练 300 轮，一共要多久；而这还是同类网络中最小的一个。
# （书中的循环每一轮后还要逐张测试，10000 张里的每一张都切 625 次。）
# 亲手写一遍，是为了懂得原理；真要用起来，就需要框架。

# %% [markdown] lang="en" tags=["question"]
# The convolution makes 26 * 26 * 16 = 10,816 numbers of 784 pixels. How many weights
# would a `Linear` layer need for that, how many has `Conv2d`, and what is it that the
# convolution cannot do in return?
#
# ---
#
# `Linear` would need 784 * 10,816 = 8,479,744 weights (without biases), `Conv2d` has
# 9 * 16 = 144. In return it sees only 3 by 3 pixels at a time, and cannot look for one
# thing on the left and for another on the right. That is left to the next layer, which
# here has a weight for each place, 108,160 of them.

# %% [markdown] lang="zh" tags=["question"]
# 这层卷积由 784 个像素得到 26 * 26 * 16 = 10816 个数。换成 `Linear` 层要多少个权重？
# `Conv2d` 有多少个？相应地，卷积做不到什么？
#
# ---
#
# `Linear` 需要 784 * 10816 = 8479744 个权重（不算偏置），
# `Conv2d` 只有 9 * 16 = 144 个。相应地，它一次只看 3 × 3 个像素，
# 也不能在左边找一样东西、在右边找另一样。
# 这些留给下一层：它对每个位置都有权重，这里共 108160 个。
