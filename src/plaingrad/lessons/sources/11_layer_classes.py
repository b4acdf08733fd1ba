# %% [markdown] lang="en"
# # A list of layers
#
# In the lessons before, every network had its own lines for the way back. This lesson
# writes each kind of layer once, as a class that knows its own gradients. A network is
# then a list, and one short loop trains any list. With two hidden layers it learns to
# read handwritten digits. The classes follow a tutorial by Peter Roelants.

# %% [markdown] lang="zh"
# # 一串层
#
# 在前面的课里，每个网络都要单独写一遍反向传播的代码。本课把每一种层只写一次，
# 写成一个知道自己梯度的类。这样，网络就是一个列表，
# 一个短短的循环就能训练任何这样的列表。
# 我们用两个隐藏层，让它学会认手写数字。这些类的写法参照 Peter Roelants 的教程。

# %% tags=["settings"]
EPOCHS = 300

# %% [markdown] lang="en"
# ## The data
#
# plaingrad ships 1,797 digits of 8 by 8 pixels. The tutorial has their ink from 0 to
# 16, so we multiply. We split them into three: to *train* on, to *validate* (to decide
# when to stop), and to *test* at the very end, on digits that no decision has seen.
# The targets are *one-hot*: ten numbers, a 1 at the digit and 0 elsewhere.

# %% [markdown] lang="zh"
# ## 数据
#
# plaingrad 自带 1797 个手写数字，每个 8 乘 8 像素。教程里墨色的深浅取 0 到 16，
# 所以我们乘上 16。数据分成三份：一份用来*训练*（train）；一份用来*验证*（validate），
# 决定什么时候停；最后一份用来*测试*（test），任何决定都没有见过这些数字。
# 目标用*独热*（one-hot）表示：十个数，对应的数字处是 1，其余是 0。

# %%
import numpy as np

import plaingrad as pg

ink, digits = pg.data.digits()
X = 16 * ink.astype("float64")
train, val, test = pg.data.split(X, digits, sizes=(0.6, 0.2, 0.2), seed=0)
(X_train, y_train), (X_val, y_val), (X_test, y_test) = train, val, test
T_train, T_val = pg.data.one_hot(y_train, 10), pg.data.one_hot(y_val, 10)
print("train", X_train.shape, "validate", X_val.shape, "test", X_test.shape)

# %% [markdown] lang="en"
# ## What a layer must know
#
# Call the input of a layer `X` and its output `Y`. Three methods are enough:
#
# - `get_output(X)`: the output;
# - `get_input_grad(Y, output_grad)`: from the gradient of the cost by the output, that
#   by the *input*;
# - `get_params_grad(X, output_grad)`: from the same, that by the layer's parameters.
#
# The *cost* is the loss; the tutorial calls it so. What the second method returns is
# handed to the layer below. This is the chain rule, cut into pieces of one layer each.

# %% [markdown] lang="zh"
# ## 一个层需要知道什么
#
# 把一个层的输入记作 `X`，输出记作 `Y`。三个方法就够了：
#
# - `get_output(X)`：算出输出；
# - `get_input_grad(Y, output_grad)`：由代价对输出的梯度，算出它对*输入*的梯度；
# - `get_params_grad(X, output_grad)`：由同一个梯度，算出它对本层参数的梯度。
#
# 代价（cost）就是损失，教程里这样称呼。第二个方法的结果要交给下面一层。
# 这正是链式法则（chain rule），只不过切成了每层一段。


# %%
class Layer:
    def get_params(self):
        return []

    def get_params_grad(self, X, output_grad):
        return []


class LinearLayer(Layer):
    def __init__(self, inputs, outputs):
        self.W = 0.1 * np.random.randn(inputs, outputs)
        self.b = np.zeros(outputs)

    def get_params(self):
        return [self.W, self.b]

    def get_output(self, X):
        return X @ self.W + self.b

    def get_params_grad(self, X, output_grad):
        return [X.T @ output_grad, output_grad.sum(axis=0)]

    def get_input_grad(self, Y, output_grad):
        return output_grad @ self.W.T


# %% [markdown] lang="en"
# The *logistic* function, also called sigmoid, squeezes any number between 0 and 1.
# Its slope can be had from its output alone: `Y * (1 - Y)`.
#
# The last layer is a *softmax*, which makes probabilities of ten numbers. It is the
# only one that knows the cost, the cross-entropy, so its way back begins with the
# targets `T` and not with a gradient. Both together have a short one: output minus
# target, divided by the number of samples.

# %% [markdown] lang="zh"
# *logistic 函数*（也叫 sigmoid）把任何数压到 0 和 1 之间。
# 它的斜率只凭输出就能算出来：`Y * (1 - Y)`。
#
# 最后一层是 *softmax*，把十个数变成概率。只有它知道代价，即交叉熵（cross-entropy），
# 所以它的反向不是从梯度开始，而是从目标 `T` 开始。
# 两者合在一起，梯度很简短：输出减目标，再除以样本数。


# %%
class LogisticLayer(Layer):
    def get_output(self, X):
        return 1 / (1 + np.exp(-X))

    def get_input_grad(self, Y, output_grad):
        return Y * (1 - Y) * output_grad


class SoftmaxLayer(Layer):
    def get_output(self, X):
        exps = np.exp(X - X.max(axis=1, keepdims=True))
        return exps / exps.sum(axis=1, keepdims=True)

    def get_input_grad(self, Y, T):
        return (Y - T) / len(Y)

    def get_cost(self, Y, T):
        return -(T * np.log(Y)).sum() / len(Y)


# %% [markdown] lang="en"
# A gradient that is wrong rarely fails: the network learns, only worse. So we check
# each class before it is used. `pg.check_layer` measures slopes and compares.

# %% [markdown] lang="zh"
# 梯度错了，程序很少会报错：网络照样在学，只是学得差些。
# 所以每个类在使用之前都要检查。`pg.check_layer` 测量斜率，再作比较。

# %%
np.random.seed(1)
few, some = np.random.randn(5, 10), np.eye(10)[[3, 1, 4, 1, 5]]
linear_report = pg.check_layer(LinearLayer(10, 4), few)
logistic_report = pg.check_layer(LogisticLayer(), few)
softmax_report = pg.check_layer(SoftmaxLayer(), few, some)
print(linear_report)
print("logistic:", logistic_report.ok)
print("softmax: ", softmax_report.ok)

# %% [markdown] lang="en"
# ## There and back through the list
#
# Forwards, each output is the next input, and all are kept. Backwards, a gradient
# walks down the list, and every layer does two things with it: it takes what it needs
# for its own parameters, and hands on what the layer below needs. Neither function
# knows what kinds of layers there are.

# %% [markdown] lang="zh"
# ## 沿列表去，沿列表回
#
# 向前时，每一层的输出就是下一层的输入，全部保留下来。向后时，梯度沿列表往回走，
# 每一层拿它做两件事：算出自己参数的梯度，再把下面一层需要的传下去。
# 这两个函数都不知道列表里有哪些种类的层。


# %%
def forward(X, layers):
    activations = [X]
    for layer in layers:
        activations.append(layer.get_output(activations[-1]))
    return activations


def backward(activations, T, layers):
    param_grads = []
    grad = T
    for place in reversed(range(len(layers))):
        X, Y = activations[place], activations[place + 1]
        param_grads = layers[place].get_params_grad(X, grad) + param_grads
        grad = layers[place].get_input_grad(Y, grad)
    return param_grads


# %% [markdown] lang="en"
# The network: 64 pixels, two hidden layers of 20, ten digits. Good layers can still be
# put together wrongly, so the whole gets a check of its own. `pg.check` takes the
# parameters, a function for the cost and one for the gradients.

# %% [markdown] lang="zh"
# 我们的网络：64 个像素，两个各有 20 个单元的隐藏层，十个数字。
# 每层都对，拼起来也可能出错，所以整体还要再检查一次。给 `pg.check`
# 的是参数、算代价的函数和算梯度的函数。

# %%
np.random.seed(1)
layers = [
    LinearLayer(64, 20),
    LogisticLayer(),
    LinearLayer(20, 20),
    LogisticLayer(),
    LinearLayer(20, 10),
    SoftmaxLayer(),
]
params = [param for layer in layers for param in layer.get_params()]
start = [param.copy() for param in params]


def cost():
    return layers[-1].get_cost(forward(X_train[:50], layers)[-1], T_train[:50])


def grads():
    return backward(forward(X_train[:50], layers), T_train[:50], layers)


report = pg.check(cost, params, grads)
print(report)

# %% [markdown] lang="en"
# ## Mini-batches, and when to stop
#
# Each step looks at a *mini-batch* of 25 digits. Its gradient is a rough estimate of
# that of all digits, but 44 rough steps bring us further than a single exact one, for
# the same work. All batches once are an *epoch*.
#
# After each epoch we compute the cost on the validation digits, from which nothing is
# learnt. When it has not fallen for 10 epochs, training ends (*early stopping*), and
# the parameters of the best epoch are put back. Why not at the first rise? A single one
# can be chance.

# %% [markdown] lang="zh"
# ## 小批量，以及何时停止
#
# 每一步只看 25 个数字，叫做一个*小批量*（mini-batch）。
# 它的梯度只是对全体梯度的粗略估计，但同样的计算量，走 44 个粗略的步子，
# 比走一个精确的步子走得更远。
# 所有的小批量都用过一遍，叫做一轮（epoch）。
#
# 每一轮之后，我们在验证数据上计算代价，但不从中学习。如果它连续 10 轮都没有降低，
# 训练就结束，这叫*提前停止*（early stopping）；然后换回最好那一轮的参数。
# 为什么不在代价第一次上升时就停？因为偶尔一次上升可能只是巧合。

# %%
batch_costs, train_costs, val_costs = [], [], []
best_epoch, best = 0, start
for epoch in range(1, EPOCHS + 1):
    for first in range(0, len(X_train), 25):
        X, T = X_train[first : first + 25], T_train[first : first + 25]
        activations = forward(X, layers)
        batch_costs.append(layers[-1].get_cost(activations[-1], T))
        for param, grad in zip(params, backward(activations, T, layers)):
            param -= 0.1 * grad
    for X, T, costs in [(X_train, T_train, train_costs), (X_val, T_val, val_costs)]:
        costs.append(layers[-1].get_cost(forward(X, layers)[-1], T))
    if val_costs[-1] == min(val_costs):
        best_epoch, best = epoch, [param.copy() for param in params]
    if epoch - best_epoch == 10:
        break

for param, values in zip(params, best):
    param[:] = values
print(f"stopped after {epoch} epochs; the best was epoch {best_epoch}")
print(f"cost there: training {train_costs[best_epoch - 1]:.3f}", end=", ")
print(f"validation {val_costs[best_epoch - 1]:.3f}")

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
curves = pg.History(loss=train_costs, val_loss=val_costs, batch_loss=batch_costs)
curves.updates_per_epoch = len(batch_costs) // epoch
pg.draw.cost_curves(curves, ax=ax)

# %% [markdown] lang="en"
# The mini-batches scatter, since each has other digits; the regular dips are the last
# batch of each epoch, which has only 3. The cost of the training set goes on falling.
# That of the validation set flattens out far above it, and begins to rise after the
# star. From there on the network learns what is special in *these* digits, which helps
# with no others.
#
# Now, and only once, the test.

# %% [markdown] lang="zh"
# 小批量的代价忽上忽下，因为每批的数字都不同；那些有规律的尖谷是每轮的最后一批，
# 它只有 3 个数字。训练集的代价一直在降；验证集的代价在高得多的地方变平，
# 过了星号处便开始上升。从那以后，网络学的是*这些*数字的特殊之处，对别的数字没有帮助。
#
# 现在来测试，而且只测这一次。

# %%
pred = forward(X_test, layers)[-1].argmax(axis=1)
accuracy = (pred == y_test).mean()
print(f"test accuracy {accuracy:.3f}: {(pred != y_test).sum()} of {len(y_test)} wrong")

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(5.6, 4.8), layout="constrained")
pg.draw.confusion_matrix(y_test, pred, ax=ax)

# %% [markdown] lang="en"
# The *confusion matrix*: each row is a true digit, each column what the network said.
# What is not on the diagonal is a mistake. An 8 that was taken for a 1 is the most
# frequent: it happened five times.
#
# Do not read too much into the last figure of the accuracy. Among 359 digits a single
# one is 0.3%, and thirty other random starts gave from 0.942 to 0.978.
#
# ## The same in plaingrad
#
# plaingrad's layers know their gradients, too. `SGD` is our plain step, and
# `shuffle=False` takes the batches in our order.

# %% [markdown] lang="zh"
# 这是*混淆矩阵*（confusion matrix）：每一行是一个真实的数字，每一列是网络的回答。
# 不在对角线上的就是错误。最常见的错误是把 8 认成 1，有五次。
#
# 对最后这个数不要太当真。359 个数字里，一个就占 0.3%；换三十组随机的初始权重，
# 结果从 0.942 到 0.978 都有。
#
# ## 用 plaingrad 写
#
# plaingrad 的层同样知道自己的梯度。`SGD` 就是我们这种普通的步子；`shuffle=False`
# 表示按我们的顺序取小批量。

# %%
hidden = [pg.Linear(20), pg.Sigmoid(), pg.Linear(20), pg.Sigmoid()]
net = pg.Sequential(*hidden, pg.Linear(10), pg.Softmax())
net.build(X_train, dtype="float64")
for values, ours in zip(net.params.values(), start):
    values[:] = ours

history = net.fit(
    *(X_train, y_train),
    optimizer=pg.SGD(lr=0.1),
    epochs=EPOCHS,
    batch_size=25,
    shuffle=False,
    validation=(X_val, y_val),
    early_stopping=10,
    warm_start=True,
    dtype="float64",
)
first_epoch = np.array(batch_costs[:44]) - history.batch_loss[:44]
difference = np.abs(first_epoch).max()
net_accuracy = net.score(X_test, y_test)
print(f"44 updates of the first epoch: largest difference {difference:.1g}")
print(f"{history.epochs} epochs, the best was epoch {history.best_epoch}")
print(f"test accuracy {net_accuracy:.3f}, in {history.seconds:.2f} s")

# %% [markdown] lang="en"
# The same first updates to the last digits, the same epoch to stop, the same digits
# recognised.

# %% [markdown] lang="zh"
# 头一轮的更新一致到最后几位，停在同一轮，认对的数字也一样多。

# %% [markdown] lang="en" tags=["question"]
# Somebody tidies the training loop. The batches are made once, before it:
#
# ```python
# batches = zip(np.array_split(X_train, 44), np.array_split(T_train, 44))
# for epoch in range(300):
#     for X, T in batches:
#         ...
# ```
#
# No error is raised, and the first epoch goes well. But from the second epoch on the
# validation cost stays the same to the last digit. Why?
#
# ---
#
# In Python 3 `zip` gives an *iterator*: it hands out each pair once, and is empty then.
# From the second epoch on the inner loop has nothing to do, and no parameter changes.
# (In Python 2, for which such code was written, `zip` gave a list.) Write
# `batches = list(zip(...))`. A cost that does not change *at all* never means that the
# network has learnt all it can: it means that nothing is trained.

# %% [markdown] lang="zh" tags=["question"]
# 有人把训练循环整理了一下，在循环之前一次造好所有的小批量：
#
# ```python
# batches = zip(np.array_split(X_train, 44), np.array_split(T_train, 44))
# for epoch in range(300):
#     for X, T in batches:
#         ...
# ```
#
# 程序没有报错，第一轮也很正常。可是从第二轮起，验证代价一位数字都不再变。为什么？
#
# ---
#
# 在 Python 3 里，`zip` 给出的是*迭代器*（iterator）：每一对只交出一次，然后就空了。
# 从第二轮起，内层循环无事可做，参数也就不再变化。
# （这类代码是为 Python 2 写的，那时 `zip` 给出的是列表。）
# 应当写成 `batches = list(zip(...))`。代价*一点*都不变，绝不表示网络已经学到头了，
# 而是表示根本没有在训练。

# %% [markdown] lang="en" tags=["question"]
# Leave the ink between 0 and 1 (`X = ink`). Will the network learn faster or more
# slowly, and what becomes of early stopping?
#
# ---
#
# The gradient of the first weights has the input as a factor, so with inputs 16 times
# as small they learn more slowly, and the cost is still falling when the 300 epochs
# are over: there is no early stop. The result is no worse for it, since at the start
# no logistic unit is near 0 or 1, where its slope, and with it the gradient, vanishes.
# Try it, and give the network more epochs or a larger learning rate.

# %% [markdown] lang="zh" tags=["question"]
# 让墨色保持在 0 到 1 之间（`X = ink`）。网络会学得更快还是更慢？提前停止又会怎样？
#
# ---
#
# 第一层权重的梯度里有输入这个因子，所以输入变成十六分之一，它们就学得更慢；
# 跑完 300 轮，代价还在下降，没有提前停止。但结果并不差：
# 开始时没有哪个 logistic 单元接近 0 或 1，而在那里斜率几乎为零，梯度也就消失了。
# 试试看，再给它更多的轮数，或者更大的学习率。
