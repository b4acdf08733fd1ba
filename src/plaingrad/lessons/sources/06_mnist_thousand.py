# %% [markdown] lang="en"
# # A thousand digits
#
# A network learns 1,000 handwritten digits by heart, and gets worse at all the others.
# Early stopping, dropout and mini-batches help. What helps most is to look for mistakes
# in the training: there are three.
#
# The experiment is that of chapters 8 and 9 of *Grokking Deep Learning* (Andrew Trask).
# The numbers that the notebooks of the book print stand beside ours, under "book".

# %% [markdown] lang="zh"
# # 一千个数字
#
# 一个网络把 1000 个手写数字背得滚瓜烂熟，对其余的数字却越认越差。
# 提前停止、丢弃法和小批量都有帮助；帮助最大的，是去找训练代码里的错误：一共有三个。
#
# 实验取自 *Grokking Deep Learning*（Andrew Trask）第 8、9 章。
# 书中笔记本打印的数字列在我们的结果旁边，标作 book。

# %% tags=["settings"]
HAND = 350  # epochs by hand, one image at a time
DROPOUT_HAND = 21  # the same with dropout, which takes longer
EPOCHS = 350  # epochs by plaingrad
BATCH_EPOCHS = 300  # epochs with mini-batches, by hand and by plaingrad

# %% [markdown] lang="en"
# ## The data
#
# MNIST has 60,000 images to train with, and 10,000 to test with. We train with the
# first 1,000, and test with all 10,000. An image is a row of 784 numbers between 0
# (black) and 1 (white). The wanted outputs are rows of ten numbers, 1 at the right
# digit and 0 elsewhere; this is called *one-hot*. *Accuracy* is the share of images
# whose largest output stands at the right place. (plaingrad downloads MNIST once,
# 11 MB.)

# %% [markdown] lang="zh"
# ## 数据
#
# MNIST 有 60000 张训练图片和 10000 张测试图片。
# 我们用前 1000 张训练，用全部 10000 张测试。
# 一张图片是一行 784 个数，从 0（黑）到 1（白）。目标输出是一行十个数，
# 正确的数字处为 1，其余为 0，这叫*独热*（one-hot）编码。
# *准确率*（accuracy）是最大的输出正好落在正确位置上的图片所占的比例。
# （第一次用到 MNIST 时，plaingrad 会下载它，共 11 MB。）

# %%
import numpy as np

import plaingrad as pg

data = pg.data.mnist(flat=True)
images, labels = data.X_train[:1000].astype(float), data.y_train[:1000]
test_images, test_labels = data.X_test.astype(float), data.y_test
wanted = np.eye(10)[labels]
print(images.shape, test_images.shape, "the first label:", labels[0], wanted[0])

# %% [markdown] lang="en"
# ## By hand: one image at a time
#
# 784 inputs, 40 hidden units with ReLU (a negative sum becomes 0), 10 outputs, no
# biases. Each image is one step: predict, compare, go back through the layers, change
# the weights. One pass through all 1,000 images is an *epoch*. The derivative of ReLU,
# `relu2deriv`, is handed over, because we shall need another one soon.

# %% [markdown] lang="zh"
# ## 亲手写：一次一张图片
#
# 784 个输入，40 个隐藏单元（用 ReLU：负的和变成 0），
# 10 个输出，没有偏置。每张图片走一步：
# 预测，比较，逐层往回传，改权重。把 1000 张图片全过一遍，叫做一*轮*（epoch）。
# ReLU 的导数 `relu2deriv` 作为参数传进去，因为很快就要换一个。


# %%
def relu(x):
    return (x >= 0) * x


def train(relu2deriv, epochs, alpha=0.005):
    np.random.seed(1)
    weights_0_1 = 0.2 * np.random.random((784, 40)) - 0.1
    weights_1_2 = 0.2 * np.random.random((40, 10)) - 0.1
    course = []  # epoch, training accuracy, test accuracy
    for epoch in range(epochs):
        correct = 0
        for i in range(1000):
            layer_0 = images[i : i + 1]
            layer_1 = relu(layer_0.dot(weights_0_1))
            layer_2 = layer_1.dot(weights_1_2)
            correct += layer_2.argmax() == labels[i]
            layer_2_delta = layer_2 - wanted[i : i + 1]
            layer_1_delta = layer_2_delta.dot(weights_1_2.T) * relu2deriv(layer_1)
            weights_1_2 -= alpha * layer_1.T.dot(layer_2_delta)
            weights_0_1 -= alpha * layer_0.T.dot(layer_1_delta)
        if epoch % 10 == 0 or epoch == epochs - 1:
            pred = relu(test_images @ weights_0_1) @ weights_1_2
            test = np.mean(pred.argmax(axis=1) == test_labels)
            course.append((epoch, correct / 1000, test))
    return course, weights_0_1, weights_1_2


# %% [markdown] lang="en"
# This is the book's training, number for number. (`course` has every tenth epoch. The
# training accuracy is counted while the weights change.)

# %% [markdown] lang="zh"
# 这就是书中的训练，每个数字都一样。（`course` 每十轮记一次。
# 训练准确率是在权重变化的过程中累计的。）


# %%
def always(output):
    return output >= 0


def compare(course, book):
    print("epoch   training   book     test     book")
    for epoch, ours, test in course:
        if epoch in book:
            training, theirs = book[epoch]
            print(f"{epoch:>5}    {ours:.3f}    {training:.3f}", end="    ")
            print(f"{test:.4f}   {theirs:.4f}")


# %%
book_relu = {
    0: (0.537, 0.6488),
    10: (0.901, 0.8114),
    20: (0.930, 0.8111),
    100: (0.984, 0.7706),
    349: (1.000, 0.7073),
}
by_hand, *_ = train(always, HAND)
compare(by_hand, book_relu)

# %% [markdown] lang="en"
# In the end all 1,000 images are right, and of the others fewer than after ten epochs.
# This is *overfitting*: the network goes on learning what is peculiar to these images
# (a blot, a slant) after it has learnt what digits have in common.

# %% [markdown] lang="zh"
# 最后 1000 张训练图片全部答对，而没见过的图片，答对的反而比十轮时少。
# 这叫*过拟合*（overfitting）：各个数字的共同点学完以后，
# 网络还在继续学这些图片自己的特点（一个墨点，一点倾斜）。

# %% [markdown] lang="en"
# ## The first mistake
#
# But is it only that? `always` is the `relu2deriv` of the book. Ask the checker, which
# measures the slopes of `relu` and compares.

# %% [markdown] lang="zh"
# ## 第一个错误
#
# 可是，原因只有这一个吗？`always` 就是书中的 `relu2deriv`。
# 问一问检查器：它会测出 `relu` 的斜率，再作比较。

# %%
found_mask = pg.check_function(relu, always)
print(found_mask)

# %% [markdown] lang="en"
# The output of ReLU is never negative, so `>= 0` is always true: units that were off,
# and had no part in the prediction, are changed too. Nothing crashes, the error falls,
# and nobody is told. With the derivative repaired, in plaingrad:

# %% [markdown] lang="zh"
# ReLU 的输出从不为负，所以 `>= 0` 永远成立：没有激活、与预测毫无关系的单元，也被改了。
# 程序不报错，误差也在下降，谁都不会发觉。把导数改对，再用 plaingrad 写一遍：


# %%
def positive(output):
    return output > 0


def half_square(pred, y):
    return ((pred - y) ** 2).sum(axis=1) / 2  # its slope is pred - y, as by hand


def network(units, activation, *dropout):
    hidden, output = (pg.Linear(size, bias=False) for size in (units, 10))
    return pg.Sequential(hidden, activation, *dropout, output)


def begin(net, units, size):
    np.random.seed(1)
    net.build(images, dtype="float64")
    net.params["W1"][:] = size * (2 * np.random.random((784, units)) - 1)
    net.params["W2"][:] = 0.2 * np.random.random((units, 10)) - 0.1


# %%
net = network(40, pg.ReLU())
begin(net, 40, size=0.1)
one_by_one = {
    "loss": half_square,
    "optimizer": pg.SGD(lr=0.005),
    "batch_size": 1,
    "shuffle": False,  # the images in the same order as by hand
    "warm_start": True,  # from the weights that are there
    "dtype": "float64",
}
net.fit(images, wanted, epochs=2, **one_by_one)
_, weights_0_1, weights_1_2 = train(positive, 2)
difference = max(
    np.abs(net.params["W1"] - weights_0_1).max(),
    np.abs(net.params["W2"] - weights_1_2).max(),
)
print(f"after 2,000 updates: largest difference of a weight {difference:.1g}")

# %% [markdown] lang="en"
# The same weights as by hand, so we may let machine code do the long training. A
# *callback* looks at the network every ten epochs.

# %% [markdown] lang="zh"
# 权重与亲手算的相同，所以长时间的训练可以放心交给机器码。
# *回调*（callback）每十轮看一次网络。


# %%
def accuracy(net, images, labels):
    return float(np.mean(net.outputs(images).argmax(axis=1) == labels))


class Watch(pg.Callback):
    def __init__(self, net):
        self.net, self.course = net, []

    def on_epoch_end(self, history):
        if history.epochs % 10 == 1:
            training = accuracy(self.net, images, labels)
            test = accuracy(self.net, test_images, test_labels)
            self.course.append((history.epochs - 1, training, test))


repaired = Watch(net)
begin(net, 40, size=0.1)
history = net.fit(images, wanted, epochs=EPOCHS, callbacks=[repaired], **one_by_one)
repaired_training = accuracy(net, images, labels)
repaired_test = accuracy(net, test_images, test_labels)
best_epoch, _, best_test = max(repaired.course, key=lambda row: row[2])
print(f"{EPOCHS} epochs of 1,000 updates in {history.seconds:.1f} s")
print(f"training {repaired_training:.3f}, test {repaired_test:.4f}", end="; ")
print(f"its best: {best_test:.4f}, after epoch {best_epoch}")

# %% [markdown] lang="en"
# One character, and the test accuracy in the end is 0.83 in place of 0.71. What
# remains, the way down from the best epoch, is the true overfitting.

# %% [markdown] lang="zh"
# 只改一个字符，最后的测试准确率就从 0.71 变成 0.83。
# 剩下的那段，即从最好的一轮往下掉的部分，才是真正的过拟合。

# %% [markdown] lang="en"
# ## Early stopping
#
# So stop early. But when? The test images must not decide that, or they would no longer
# be a test. We take 1,000 images more from the training set, only to watch: a
# *validation set*. After 20 epochs without a lower loss there, the training ends, and
# the best weights are kept.

# %% [markdown] lang="zh"
# ## 提前停止
#
# 那就早点停。可是什么时候停？不能由测试图片来决定，否则它们就不再是测试了。
# 我们从训练集里再取 1000 张图片，只用来观察，叫做*验证集*（validation set）。
# 如果 20 轮里验证损失都没有再降，训练就结束，并保留最好的权重。

# %%
begin(net, 40, size=0.1)
history = net.fit(
    images,
    wanted,
    epochs=EPOCHS,
    validation=(data.X_train[1000:2000], np.eye(10)[data.y_train[1000:2000]]),
    early_stopping=pg.EarlyStopping(patience=20),
    **one_by_one,
)
early_test = accuracy(net, test_images, test_labels)
print(f"the weights after epoch {history.best_epoch - 1}: test {early_test:.4f}")

# %% [markdown] lang="en"
# ## Dropout
#
# *Dropout* sets a random half of the hidden units to 0 at every step, and doubles the
# others, so that the sum stays about the same. No unit can rely on another to be there,
# and learning by heart becomes hard. By hand, with 100 units, as in the book:

# %% [markdown] lang="zh"
# ## 丢弃法
#
# *丢弃法*（dropout）每一步随机把一半隐藏单元置为 0，其余的加倍，使总和大致不变。
# 哪个单元都不能指望别的单元一定在场，死记硬背就难了。照书中的写法亲手来，100 个单元：

# %%
np.random.seed(1)
weights_0_1 = 0.2 * np.random.random((784, 100)) - 0.1
weights_1_2 = 0.2 * np.random.random((100, 10)) - 0.1
dropout_by_hand = []
for epoch in range(DROPOUT_HAND):
    correct = 0
    for i in range(1000):
        layer_0 = images[i : i + 1]
        layer_1 = relu(layer_0.dot(weights_0_1))
        mask = np.random.randint(2, size=layer_1.shape)
        layer_1 *= mask * 2
        layer_2 = layer_1.dot(weights_1_2)
        correct += layer_2.argmax() == labels[i]
        layer_2_delta = layer_2 - wanted[i : i + 1]
        layer_1_delta = layer_2_delta.dot(weights_1_2.T) * always(layer_1) * mask
        weights_1_2 -= 0.005 * layer_1.T.dot(layer_2_delta)
        weights_0_1 -= 0.005 * layer_0.T.dot(layer_1_delta)
    if epoch % 10 == 0:
        pred = relu(test_images @ weights_0_1) @ weights_1_2
        test = np.mean(pred.argmax(axis=1) == test_labels)
        dropout_by_hand.append((epoch, correct / 1000, test))

# %%
compare(
    dropout_by_hand,
    {
        0: (0.413, 0.6333),
        10: (0.764, 0.7870),
        20: (0.809, 0.8133),
        100: (0.864, 0.7903),
        290: (0.908, 0.8181),
    },
)

# %% [markdown] lang="en"
# The book goes on to epoch 290, where its test accuracy is 0.8181: no more overfitting.
# But the line with `mask` has a mistake beside the `always` that we know. For the
# checker, write the loss and the gradients as functions of the weights, here for 20
# images at once, with the ReLU repaired:

# %% [markdown] lang="zh"
# 书中一直训练到第 290 轮，那时测试准确率是 0.8181：不再过拟合了。
# 可是带 `mask` 的那一行，除了已经知道的 `always`，还有一个错误。
# 为了检查，把损失和梯度写成权重的函数，这里一次用 20 张图片，ReLU 已经改对：


# %%
batch, target = images[:20], wanted[:20]


def forward(w):
    mask = np.random.randint(2, size=(20, 100))
    layer_1 = np.maximum(batch @ w["0_1"], 0) * mask * 2
    return mask, layer_1, layer_1 @ w["1_2"]


def loss(w):
    _, _, layer_2 = forward(w)
    return ((layer_2 - target) ** 2).sum() / 2


def gradients(w):
    mask, layer_1, layer_2 = forward(w)
    layer_2_delta = layer_2 - target
    layer_1_delta = layer_2_delta @ w["1_2"].T * (layer_1 > 0) * mask
    return {"0_1": batch.T @ layer_1_delta, "1_2": layer_1.T @ layer_2_delta}


weights = {"0_1": weights_0_1, "1_2": weights_1_2}
found_keep = pg.check(loss, weights, gradients)
print(found_keep)

# %% [markdown] lang="en"
# The doubling is missing on the way back. The layer below learns at half the speed;
# that is all the harm. In plaingrad `Dropout(0.5)` cannot differ between the two ways,
# since the way back is derived from the way there. Its random numbers are not those of
# `np.random.seed(1)`, so the course is another one, of the same kind.

# %% [markdown] lang="zh"
# 往回传时漏了加倍，于是下面一层只用一半的速度学习；害处仅此而已。
# 在 plaingrad 里，`Dropout(0.5)` 的来回两路不可能不一致，因为反向是由前向推导出来的。
# 它的随机数不是 `np.random.seed(1)` 的那些，所以具体过程不同，但性质一样。

# %%
net = network(100, pg.ReLU(), pg.Dropout(0.5))
dropout = Watch(net)
begin(net, 100, size=0.1)
net.fit(images, wanted, epochs=BATCH_EPOCHS, callbacks=[dropout], **one_by_one)
dropout_test = accuracy(net, test_images, test_labels)
best_epoch, _, best_test = max(dropout.course, key=lambda row: row[2])
print(f"test {dropout_test:.4f}; its best: {best_test:.4f}, after epoch {best_epoch}")

# %% [markdown] lang="en"
# ## Mini-batches
#
# A *mini-batch* is a handful of images, here 100, that share one step along the mean of
# their gradients. The matrix products become larger and fewer, which is faster, and the
# mean is less noisy than one image, so the step may be longer.
#
# The book's rate is 0.001. But the lines that change the weights stand inside the loop
# that counts the right answers of the batch, so they run 100 times with one and the
# same prediction. One step with 0.1 does nearly the same. To show it, the two mistakes
# from above are left in:

# %% [markdown] lang="zh"
# ## 小批量
#
# *小批量*（mini-batch）是一小组图片，这里是 100 张，它们沿梯度的平均值一起走一步。
# 矩阵乘法变得更大、更少，所以更快；平均值又比单张图片的噪声小，步子可以迈得更大。
#
# 书中代码的学习率是 0.001。可是改权重的几行写在统计答对个数的循环里，
# 于是对同一个预测重复了 100 次。用 0.1 走一步，效果几乎一样。
# 为了说明这一点，上面两个错误先照样保留：

# %%
np.random.seed(1)
weights_0_1 = 0.2 * np.random.random((784, 100)) - 0.1
weights_1_2 = 0.2 * np.random.random((100, 10)) - 0.1
batches_by_hand = []
for epoch in range(BATCH_EPOCHS):
    correct = 0
    for start in range(0, 1000, 100):
        layer_0, target = images[start : start + 100], wanted[start : start + 100]
        layer_1 = relu(layer_0 @ weights_0_1)
        mask = np.random.randint(2, size=layer_1.shape)
        layer_1 *= mask * 2
        layer_2 = layer_1 @ weights_1_2
        correct += (layer_2.argmax(axis=1) == target.argmax(axis=1)).sum()
        layer_2_delta = (layer_2 - target) / 100
        layer_1_delta = layer_2_delta @ weights_1_2.T * always(layer_1) * mask
        weights_1_2 -= 0.1 * layer_1.T @ layer_2_delta
        weights_0_1 -= 0.1 * layer_0.T @ layer_1_delta
    if epoch % 10 == 0:
        pred = relu(test_images @ weights_0_1) @ weights_1_2
        test = np.mean(pred.argmax(axis=1) == test_labels)
        batches_by_hand.append((epoch, correct / 1000, test))

# %%
book_batches = {0: (0.165, 0.3832), 10: (0.672, 0.7173), 290: (0.851, 0.7975)}
compare(batches_by_hand, book_batches)

# %% [markdown] lang="en"
# And without mistakes, by plaingrad:

# %% [markdown] lang="zh"
# 没有错误的写法，用 plaingrad：

# %%
in_batches = {**one_by_one, "optimizer": pg.SGD(lr=0.1), "batch_size": 100}
batches = Watch(net)
begin(net, 100, size=0.1)
net.fit(images, wanted, epochs=BATCH_EPOCHS, callbacks=[batches], **in_batches)
batches_test = accuracy(net, test_images, test_labels)
print(f"test {batches_test:.4f}")

# %% [markdown] lang="en"
# ## Tanh and softmax
#
# Ten outputs that compete should be probabilities. *Softmax* makes them so: `exp` of
# each, divided by their sum. Its loss is the *cross-entropy*: minus the logarithm of
# the probability of the right digit. The slope is once more prediction minus target
# (the next lesson says why). *Tanh* bends sums smoothly into -1 ... 1; its derivative
# is 1 minus the output squared.
#
# The book's rate is 2, and it divides by the batch size twice, which makes a rate of
# 0.02 for the mean. The first weights are small, so that tanh begins in its straight
# part.

# %% [markdown] lang="zh"
# ## Tanh 与 softmax
#
# 十个互相竞争的输出应当是概率。*Softmax* 做到这一点：各取 `exp`，再除以总和。
# 配套的损失是*交叉熵*（cross-entropy），即正确数字的概率取对数再变号，
# 它的斜率仍是预测减目标（为什么，下一课会讲）。
# *Tanh* 把和平滑地弯进 -1 到 1 之间，导数是 1 减去输出的平方。
#
# 书中的学习率是 2，但除了两次批量大小，对平均值来说就是 0.02。
# 初始权重取得很小，让 tanh 从它近乎直线的一段开始。


# %%
def softmax(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# %%
np.random.seed(1)
weights_0_1 = 0.02 * np.random.random((784, 100)) - 0.01
weights_1_2 = 0.2 * np.random.random((100, 10)) - 0.1
softmax_by_hand = []
for epoch in range(BATCH_EPOCHS):
    correct = 0
    for start in range(0, 1000, 100):
        layer_0, target = images[start : start + 100], wanted[start : start + 100]
        layer_1 = np.tanh(layer_0 @ weights_0_1)
        mask = np.random.randint(2, size=layer_1.shape)
        layer_1 *= mask * 2
        layer_2 = softmax(layer_1 @ weights_1_2)
        correct += (layer_2.argmax(axis=1) == target.argmax(axis=1)).sum()
        layer_2_delta = (layer_2 - target) / 100
        layer_1_delta = layer_2_delta @ weights_1_2.T * (1 - layer_1**2) * mask
        weights_1_2 -= 0.02 * layer_1.T @ layer_2_delta
        weights_0_1 -= 0.02 * layer_0.T @ layer_1_delta
    if epoch % 10 == 0:
        pred = np.tanh(test_images @ weights_0_1) @ weights_1_2
        test = np.mean(pred.argmax(axis=1) == test_labels)
        softmax_by_hand.append((epoch, correct / 1000, test))

# %%
compare(
    softmax_by_hand,
    {
        0: (0.156, 0.3940),
        10: (0.723, 0.6867),
        100: (0.883, 0.8407),
        290: (0.940, 0.8701),
    },
)

# %% [markdown] lang="en"
# Here is the third mistake: `1 - layer_1**2` wants the output of tanh, but `layer_1`
# has been masked and doubled by then. For a kept unit with an output of 0.9 the
# derivative is 0.19; this line takes `1 - 1.8**2`, which is -2.24: the wrong sign. To
# let the checker see it, the two arrays get names of their own (and the factor 2 is put
# back):

# %% [markdown] lang="zh"
# 第三个错误就在这里：`1 - layer_1**2` 要的是 tanh 的输出，
# 而这时 `layer_1` 已经被掩码乘过、加倍过。一个保留下来、输出为 0.9 的单元，
# 导数是 0.19，这一行却取 `1 - 1.8**2`，即 -2.24，连符号都反了。
# 为了让检查器看清，给两个数组各起一个名字（并把因子 2 补上）：


# %%
batch, target = images[:20], wanted[:20]


def forward_tanh(w):
    mask = np.random.randint(2, size=(20, 100))
    layer_1 = np.tanh(batch @ w["0_1"])
    dropped = layer_1 * mask * 2
    return mask, layer_1, dropped, softmax(dropped @ w["1_2"])


def loss_tanh(w):
    _, _, _, layer_2 = forward_tanh(w)
    return -(target * np.log(layer_2)).sum()


def gradients_tanh(w):
    mask, layer_1, dropped, layer_2 = forward_tanh(w)
    layer_2_delta = layer_2 - target
    layer_1_delta = layer_2_delta @ w["1_2"].T * mask * 2
    layer_1_delta = layer_1_delta * (1 - dropped**2)
    return {"0_1": batch.T @ layer_1_delta, "1_2": dropped.T @ layer_2_delta}


weights = {"0_1": weights_0_1, "1_2": weights_1_2}
found_place = pg.check(loss_tanh, weights, gradients_tanh)
print(found_place)

# %% [markdown] lang="en"
# In plaingrad, with the labels as they are: `CrossEntropy` makes softmax and one-hot
# itself.

# %% [markdown] lang="zh"
# 用 plaingrad 写，标签不必转换：`CrossEntropy` 自己会做 softmax 和独热编码。

# %%
net = network(100, pg.Tanh(), pg.Dropout(0.5))
soft = Watch(net)
begin(net, 100, size=0.01)
settings = {**in_batches, "loss": pg.CrossEntropy(), "optimizer": pg.SGD(lr=0.02)}
net.fit(images, labels, epochs=BATCH_EPOCHS, callbacks=[soft], **settings)
soft_test = accuracy(net, test_images, test_labels)
print(f"test {soft_test:.4f}")

# %% [markdown] lang="en"
# ## Side by side

# %% [markdown] lang="zh"
# ## 放在一起看

# %%
print("test accuracy in the end            book   by hand   repaired")
for name, book, ours, right in [
    ("ReLU, one image at a time", 0.7073, by_hand[-1][2], repaired_test),
    ("the same, stopped early", None, None, early_test),
    ("dropout, one image at a time", 0.8181, None, dropout_test),
    ("dropout, batches of 100", 0.7975, batches_by_hand[-1][2], batches_test),
    ("tanh, softmax, dropout, batches", 0.8701, softmax_by_hand[-1][2], soft_test),
]:
    cells = [f"{value:.4f}" if value else "" for value in (book, ours, right)]
    print("{:<32}  {:>6}   {:>7}   {:>8}".format(name, *cells))

# %% [markdown] lang="en"
# Most of what the book gains step by step had been lost by the first mistake: without
# it, squared errors with dropout do as well as softmax. The other two cost nothing
# here: with tanh the repaired network is even a little worse. A wrong gradient can be
# lucky, and a good score is no proof. A method should be judged on code that was
# checked.

# %% [markdown] lang="zh"
# 书中一步步赢得的，多半是第一个错误输掉的：没有它，平方误差加丢弃法不比 softmax 差。
# 另外两个错误在这里没造成损失：tanh 网络改对以后，甚至略差一点。
# 错的梯度也可能碰上好运，分数高并不是证明。评判一种方法，要用检查过的代码。

# %%
import matplotlib.pyplot as plt

blue, orange, violet, yellow, grey, red = pg.draw.style.COLOURS[:6]
figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
figure.suptitle("Accuracy over the epochs: one mistake repaired, and four networks")
for course, colour, name in [
    (by_hand, orange, "always 1 (as in the book)"),
    (repaired.course, blue, "repaired"),
]:
    epochs, training, test = zip(*course)
    axes[0].plot(epochs, training, "--", color=colour)
    axes[0].plot(epochs, test, color=colour, label=name)
axes[0].plot([], [], "--", color=grey, label="the 1,000 training images")
axes[0].set(title="40 units, the derivative of ReLU", ylabel="accuracy")
for course, colour, name in [
    (repaired.course, blue, "ReLU"),
    (dropout.course, violet, "ReLU, dropout"),
    (batches.course, yellow, "the same in batches"),
    (soft.course, red, "tanh, softmax, dropout, batches"),
]:
    epochs, _, test = zip(*course)
    axes[1].plot(epochs, test, color=colour, label=name)
axes[1].set(title="The repaired networks on 10,000 test images", ylim=(0.55, 1.01))
for ax in axes:
    pg.draw.style.clean(ax)
    ax.set_xlabel("epoch")
    ax.legend(loc="lower right")

# %% [markdown] lang="en"
# And the first test images that the last network gets wrong. Some are hard for us, too.

# %% [markdown] lang="zh"
# 这是最后一个网络认错的头几张测试图片。有些连人也难认。

# %%
import matplotlib.pyplot as plt

pred = net.predict(test_images)
pg.draw.misclassified(test_images, test_labels, pred, most=15)
plt.gcf().set_size_inches(6, 4.6)

# %% [markdown] lang="en" tags=["question"]
# With dropout by hand, the training accuracy is at first *lower* than without dropout,
# and grows slowly. Was learning by heart prevented, then? Look at what the network with
# dropout makes of the training images once it is trained: `dropout.course[-1]`.
#
# ---
#
# The accuracy is counted while half of the units are off, which costs right answers at
# every step. With all units on, the same network has nearly all training images right
# in the end (the second number). It has learnt them by heart as well; but it had to
# learn them in many ways at once, since each step used another half, and that is what
# helps with images that it has never seen.

# %% [markdown] lang="zh" tags=["question"]
# 亲手写的丢弃法里，训练准确率起初比不用丢弃法时*低*，涨得也慢。
# 这说明网络没有死记硬背吗？
# 看一看训练好以后，带丢弃法的网络怎样判断训练图片：`dropout.course[-1]`。
#
# ---
#
# 统计准确率时有一半单元是关着的，每一步都因此丢掉一些正确答案。
# 单元全部打开，同一个网络最后几乎答对所有训练图片（第二个数）。它照样背了下来；
# 但每一步用的是不同的一半，它不得不同时用许多种方式去学，
# 这才对没见过的图片有帮助。
