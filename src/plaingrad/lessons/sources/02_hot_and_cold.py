# %% [markdown] lang="en"
# # Learning by hot and cold
#
# A network learns by changing its weights until its predictions are good. The simplest
# way needs no mathematics at all: try both directions, and go where it gets warmer.
# This lesson does that, and then counts what it costs.

# %% [markdown] lang="zh"
# # 冷热法学习
#
# 网络的学习，就是不断改变权重，直到预测足够好。最简单的办法完全不需要数学：
# 两个方向都试一试，哪边“变热”就往哪边走。本课先照这个办法做一遍，再算一算它的代价。

# %% [markdown] lang="en"
# ## How wrong is a prediction?
#
# We have one input, one weight, and a *goal*: the number that should come out. The
# *error* says how wrong the prediction is. We take the difference between prediction
# and goal, squared. A square is never negative, so that too much and too little do not
# cancel out, and it makes large misses count far more than small ones.

# %% [markdown] lang="zh"
# ## 预测错了多少？
#
# 一个输入，一个权重，再加一个*目标*（goal），即应当得到的数。*误差*（error）
# 说明预测错了多少，我们取预测与目标之差的平方。平方不会是负数，
# 所以偏大和偏小不会互相抵消；而且大的偏差算得比小的重得多。

# %%
import numpy as np

import plaingrad as pg

x, goal = 0.5, 0.8
weight = 0.5

pred = x * weight
error = (pred - goal) ** 2
print(f"prediction {pred}, goal {goal}: error {error:.4f}")

# %% [markdown] lang="en"
# ## Warmer or colder
#
# Now we predict twice more, once with a slightly larger weight and once with a slightly
# smaller one. The smaller error shows the way.

# %% [markdown] lang="zh"
# ## 变热还是变冷
#
# 再预测两次：一次把权重略微调大，一次略微调小。哪一次误差小，就该往哪边走。

# %%
step = 0.001
error_up = (x * (weight + step) - goal) ** 2
error_down = (x * (weight - step) - goal) ** 2
print(f"weight {weight + step}: error {error_up:.6f}, warmer")
print(f"weight {weight - step}: error {error_down:.6f}, colder")

# %% [markdown] lang="en"
# Doing this again and again is already learning.

# %% [markdown] lang="zh"
# 一遍又一遍地这样做，就已经是学习了。

# %%
path, errors = [], []  # of the weight, and of the error
for iteration in range(1101):
    pred = x * weight
    error = (pred - goal) ** 2
    path.append(weight)
    errors.append(error)
    if iteration % 220 == 0:
        print(f"{iteration:>4}: weight {weight:.3f}, error {error:.3g}")

    error_up = (x * (weight + step) - goal) ** 2
    error_down = (x * (weight - step) - goal) ** 2
    if error_up < error_down:
        weight += step
    else:
        weight -= step

# %% [markdown] lang="en"
# After 1,100 steps the weight is 1.6, and 0.5 times 1.6 is the goal, 0.8. What remains
# of the error is the rounding of 1,100 additions.

# %% [markdown] lang="zh"
# 走了 1100 步，权重到了 1.6，而 0.5 乘以 1.6 正是目标 0.8。剩下的那点误差，
# 是 1100 次加法的舍入造成的。

# %% [markdown] lang="en"
# ## Why it is poor
#
# **The step has a fixed size.** The error tells which way to go, but we have not asked
# it how far. Far from the goal the step is too small, at the goal it is too large: the
# weight must leave the place again, since it always moves. Any step that is longer than
# the way still to go ends in hopping to and fro.

# %% [markdown] lang="zh"
# ## 它差在哪里
#
# **步长是固定的**。我们只向误差打听了往哪边走，没有打听该走多远。离目标远时，步子太小；
# 到了目标跟前，步子又太大：权重每次都要动，所以到了也得离开。步长一旦超过剩下的路程，
# 就只能来回跳。


# %%
def walk(weight, step, iterations):
    weights = [weight]
    for _ in range(iterations):
        error_up = (x * (weight + step) - goal) ** 2
        error_down = (x * (weight - step) - goal) ** 2
        weight += step if error_up < error_down else -step
        weights.append(weight)
    return weights


walks = {step: walk(0.5, step, 1500) for step in [0.8, 0.3, 0.03, 0.001]}
for step, weights in walks.items():
    ends = ", ".join(f"{weight:.3f}" for weight in weights[-4:])
    late = max((x * weight - goal) ** 2 for weight in weights[-4:])
    print(f"step {step:<5}: the last weights {ends}; error up to {late:.2g}")

# %% [markdown] lang="en"
# A large step is soon near the goal and never arrives. A small step arrives, after more
# than a thousand iterations, and then hops as well. In the picture, a walk hops where
# its curve becomes level, and the curve stays there for ever. (That the smallest step
# nearly hits the goal once is luck: the way happened to be 1,100 whole steps.)

# %% [markdown] lang="zh"
# 大步很快就到目标附近，却永远到不了；小步能到，但要一千多次，而且到了以后照样来回跳。
# 图中曲线变平的地方，就是开始来回跳的地方，此后再也不会下降。
# （最小的步长有一次几乎正中目标，那是运气：总路程恰好是 1100 个整步。）

# %%
import matplotlib.pyplot as plt

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
figure.suptitle("Hot and cold: large steps hop, small steps crawl")

colours = dict(zip(walks, pg.draw.style.COLOURS))
grid = [0.3 + 0.01 * i for i in range(220)]
left.plot(grid, [(x * w - goal) ** 2 for w in grid], color=pg.draw.style.FAINT)
big = walks[0.8][:8]
left.plot(big, [(x * w - goal) ** 2 for w in big], "o-", color=colours[0.8])
left.set(xlabel="weight", ylabel="error", title="step 0.8: to and fro")

for step, weights in walks.items():
    curve = [(x * w - goal) ** 2 for w in weights]
    larger = np.maximum(curve[1:], curve[:-1])
    right.semilogy(larger, color=colours[step], label=f"step {step}")
right.set(xlabel="iteration", ylabel="the larger of two errors in a row")
right.set(ylim=(3e-8, 1), title="four step sizes")
right.legend(frameon=False, loc="lower left")
for ax in (left, right):
    pg.draw.style.clean(ax)

# %% [markdown] lang="en"
# ## The same with a network
#
# Hot and cold has one merit: it asks a network for nothing but predictions. So it works
# with a network of plaingrad unchanged. `net.params["W1"]` is the weight, and
# `net.outputs` predicts.

# %% [markdown] lang="zh"
# ## 换成网络
#
# 冷热法有一个优点：除了预测，它对网络别无所求。所以它可以原封不动地用在 plaingrad 的网
# 络上：`net.params["W1"]` 是权重，`net.outputs` 作预测。

# %%
net = pg.Sequential(pg.Linear(1, bias=False))
net.build(np.array([[x]]), dtype="float64")
W1 = net.params["W1"]


def error_at(weight):
    W1[0, 0] = weight
    return (net.outputs([[x]])[0, 0] - goal) ** 2


weight, net_path = 0.5, []
for _ in range(1101):
    net_path.append(weight)
    warmer = error_at(weight + 0.001) < error_at(weight - 0.001)
    weight += 0.001 if warmer else -0.001

difference = np.abs(np.array(net_path) - path).max()
print(f"largest difference from the weights by hand: {difference:.1g}")

# %% [markdown] lang="en"
# ## What a step costs
#
# **Every weight costs two predictions.** With one weight that is bearable. But each
# weight must be tried by itself, while the others are held, and networks have many.
# This one reads handwritten digits of 28 by 28 pixels, and is a small one.

# %% [markdown] lang="zh"
# ## 一步的代价
#
# **每个权重要多作两次预测**。只有一个权重时还受得了。但每个权重都得单独去试，
# 试的时候其他权重保持不变，而网络的权重很多。下面这个网络识别 28×28 像素的手写数字，
# 还只算是小的。

# %%
digits = pg.Sequential(pg.Linear(40), pg.ReLU(), pg.Linear(10)).build((784,))
weights_in_all = sum(array.size for array in digits.params.values())
predictions = 2 * weights_in_all
print(f"{weights_in_all:,} weights: {predictions:,} predictions for one step")

# %% [markdown] lang="en"
# And after all these predictions we know only the directions, not how far to go. Yet
# the error knows more than that. When we tried a step up and a step down, it did not
# only change: it changed *by an amount*. The next lesson computes that amount, without
# a single trial, and takes the length of the step from it.

# %% [markdown] lang="zh"
# 作了这么多次预测，得到的也只是方向，仍然不知道该走多远。其实误差知道的不止这些：
# 上下各试一步时，它不仅变了，而且变了*多少*也是清楚的。下一课一次也不用试，
# 直接把这个量算出来，并由它决定步长。

# %% [markdown] lang="en" tags=["question"]
# Mend it: let the step be halved whenever neither direction is warmer than staying.
# Begin with a step of 1. How long does it take to an error below 1e-12, and what is
# still wrong with the method?
#
# ---
#
# ```python
# weight, step, iteration = 0.5, 1, 0
# while (x * weight - goal) ** 2 > 1e-12:
#     near = [weight, weight + step, weight - step]
#     best = min(near, key=lambda w: (x * w - goal) ** 2)
#     step = step / 2 if best == weight else step
#     weight, iteration = best, iteration + 1
# print(iteration)
# ```
#
# It takes 26 iterations in place of a thousand, so the step was half of the trouble.
# The other half is left: two predictions for each weight, and with thousands of
# weights, each iteration still takes thousands of predictions.

# %% [markdown] lang="zh" tags=["question"]
# 改进一下：如果两个方向都不比原地更热，就把步长减半。从步长 1 开始，
# 要多少次才能让误差小于 1e-12？这个方法还有什么毛病？
#
# ---
#
# ```python
# weight, step, iteration = 0.5, 1, 0
# while (x * weight - goal) ** 2 > 1e-12:
#     near = [weight, weight + step, weight - step]
#     best = min(near, key=lambda w: (x * w - goal) ** 2)
#     step = step / 2 if best == weight else step
#     weight, iteration = best, iteration + 1
# print(iteration)
# ```
#
# 只要 26 次，而不是一千多次，可见毛病有一半出在步长上。另一半还在：每个权重要两次预测；
# 有成千上万个权重时，每走一步仍要成千上万次预测。
