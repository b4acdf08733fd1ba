"""What can be wrong with a gradient, in plain words: one record for each mistake.

A new kind of mistake is a record here, and the hypothesis (`values.py`) or the repair
(`operators.py`) that finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Weight = Literal["fault", "remark"]
"""A remark leaves the verdict as it is."""


@dataclass(frozen=True)
class Cause:
    """A kind of mistake.

    Attributes
    ----------
    title
        The mistake in a line, in English and Chinese.
    why
        What it means, and what to do, in English and Chinese.
    general
        Whether it says little: a more exact cause goes first.
    weight
        Whether it is a fault or a remark.
    """

    title: tuple[str, str]
    why: tuple[str, str]
    general: bool = False
    weight: Weight = "fault"


CAUSES: dict[str, Cause] = {
    "sign": Cause(
        ("the sign is flipped", "符号反了"),
        (
            "The gradient points downhill where it should point uphill, so training "
            "climbs. Usual causes: y - p where p - y is meant, or a lost minus.",
            "梯度的方向正好相反，训练会让损失变大。常见原因：应为 p - y 却写成 y - p，"
            "或漏了一个负号。",
        ),
    ),
    "batch": Cause(
        (
            "the factor 1 / batch size is missing or there twice",
            "缺少（或多乘了）1 / 批量大小",
        ),
        (
            "The loss takes the mean over the samples and the gradient their sum, or "
            "the other way round. Divide by the number of samples exactly once.",
            "损失对样本取平均，而梯度取的是总和（或者相反）。应当恰好除以一次样本数。",
        ),
    ),
    "twice": Cause(
        ("a factor of 2", "差一个因子 2"),
        (
            "The slope of v ** 2 is 2 * v, and that of v ** 2 / 2 is v: the 2 of the "
            "gradient and the 1/2 of the loss belong together.",
            "v ** 2 的导数是 2 * v，v ** 2 / 2 的导数是 v：梯度中的 2 要与损失中的 1/2 "
            "一致。",
        ),
    ),
    "convention": Cause(
        ("the gradient is half of the loss's slope", "梯度是损失斜率的一半"),
        (
            "The loss is a square without 1/2 and the gradient leaves out the 2. Many "
            "do so: the direction is right, and the rate of learning is taken twice "
            "as large. It is a convention, not a fault.",
            "损失是没有 1/2 的平方，而梯度省去了 2。这是常见的约定，不是错误："
            "方向正确，只相当于学习率差一倍。",
        ),
        weight="remark",
    ),
    "factor": Cause(
        ("a constant factor", "差一个常数因子"),
        (
            "The gradient has the right direction and the wrong size everywhere.",
            "梯度方向正确，但处处差同一个倍数。",
        ),
        general=True,
    ),
    "step": Cause(
        ("the step h is on the wrong side of the division", "步长 h 放错了位置"),
        (
            "a / 2 * h is (a / 2) * h. A central difference, the slope between two "
            "points, is (f(x + h) - f(x - h)) / (2 * h).",
            "a / 2 * h 等于 (a / 2) * h。中心差分（两点之间的斜率）应为 "
            "(f(x + h) - f(x - h)) / (2 * h)。",
        ),
    ),
    "rate": Cause(
        ("the learning rate is part of the gradient", "梯度里混入了学习率"),
        (
            "Multiply by the learning rate where the parameters are renewed, and only "
            "there.",
            "学习率只应在更新参数时乘一次。",
        ),
    ),
    "keep": Cause(
        (
            "dropout's scale or mask differs between forward and backward",
            "丢弃法（dropout）的缩放或掩码在前向与反向不一致",
        ),
        (
            "What the forward pass multiplies by, the backward pass multiplies by too: "
            "the mask (which units are kept), and 1 / keep, the factor that makes up "
            "for the dropped ones.",
            "前向乘了什么，反向也要乘什么：掩码（保留哪些单元），"
            "以及补偿用的 1 / 保留率。",
        ),
    ),
    "transposed": Cause(
        ("a matrix is transposed", "矩阵转置错了"),
        (
            "Rows and columns are exchanged: a .T too many or too few, or the two "
            "sides of a product in the wrong order.",
            "行与列互换了：多了或少了 .T，或者矩阵乘积左右颠倒。",
        ),
    ),
    "swapped": Cause(
        ("two gradients are swapped", "两个参数的梯度互换了"),
        (
            "Each of the two is the right gradient of the other parameter.",
            "它们各自正好是另一个参数的梯度。",
        ),
    ),
    "other": Cause(
        ("it is the gradient of another parameter", "这是另一个参数的梯度"),
        (
            "A name was not changed when a line was copied.",
            "复制代码行之后忘了改名字。",
        ),
    ),
    "penalty": Cause(
        (
            "the penalty on large weights (L2, L1) differs in loss and gradient",
            "正则化项（对大权重的惩罚，L2 或 L1）在损失与梯度中不一致",
        ),
        (
            "0.5 * l2 * (W ** 2).sum() in the loss means + l2 * W in the gradient, "
            "once; l2 * (W ** 2).sum() means + 2 * l2 * W.",
            "损失中的 0.5 * l2 * (W ** 2).sum() 对应梯度中的 + l2 * W，只加一次；"
            "l2 * (W ** 2).sum() 则对应 + 2 * l2 * W。",
        ),
    ),
    "unsummed": Cause(
        ("the samples are not summed up", "没有对样本求和"),
        (
            "A bias is added to every sample, so its gradient is the sum over the "
            "samples: dz.sum(axis=0).",
            "偏置加在每个样本上，所以它的梯度要对样本求和：dz.sum(axis=0)。",
        ),
    ),
    "no_derivative": Cause(
        (
            "the derivative of the activation is missing or there twice",
            "缺少（或多乘了）激活函数的导数",
        ),
        (
            "On the way back through an activation such as ReLU or tanh, the gradient "
            "is multiplied by its derivative, once.",
            "反向经过 ReLU、tanh 等激活函数时，梯度要乘以它的导数，且只乘一次。",
        ),
    ),
    "place": Cause(
        (
            "the derivative of the activation is taken of the wrong array",
            "激活函数的导数取错了自变量",
        ),
        (
            "1 - a ** 2 and a * (1 - a) want the output a of tanh and sigmoid, before "
            "dropout changes it; np.tanh(z) and z > 0 want the input z.",
            "1 - a ** 2 与 a * (1 - a) 要用 tanh、sigmoid 的输出 a"
            "（dropout 之前的值）；1 - np.tanh(z) ** 2 与 z > 0 要用输入 z。",
        ),
    ),
    "activation": Cause(
        (
            "the derivative is that of another activation",
            "用了另一种激活函数的导数",
        ),
        (
            "The forward pass and the backward pass must use the same function.",
            "前向与反向必须使用同一个激活函数。",
        ),
    ),
    "mask": Cause(
        ("the comparison of the ReLU mask", "ReLU 掩码的比较号写错了"),
        (
            "A ReLU's output is never negative, so output >= 0 is always true and "
            "stops nothing: write output > 0.",
            "ReLU 的输出从不为负，所以 output >= 0 永远成立，什么也挡不住："
            "应写 output > 0。",
        ),
    ),
    "at_zero": Cause(
        (
            "the ReLU mask lets through what is exactly 0",
            "ReLU 掩码放过了恰好为 0 的值",
        ),
        (
            "At exactly 0 a ReLU has no slope; most libraries take 0 there, which is "
            "z > 0, and z >= 0 takes 1. With biases that begin at 0 it makes a "
            "difference.",
            "ReLU 在 0 处没有斜率；多数库取 0，即 z > 0，而 z >= 0 取 1。"
            "偏置从 0 开始时会有差别。",
        ),
        weight="remark",
    ),
    "softmax_axis": Cause(
        ("softmax runs over the wrong axis", "softmax 沿错误的轴计算"),
        (
            "The probabilities of each sample sum to 1: axis=1, keepdims=True for "
            "samples in rows. Without an axis the whole batch shares a single 1.",
            "每个样本的概率之和为 1：样本按行排列时用 axis=1, keepdims=True。"
            "不写 axis，整个批次的概率之和才是 1。",
        ),
    ),
    "shift": Cause(
        (
            "the shift by the largest score is not handled as a constant",
            "softmax 平移最大值时的导数处理错了",
        ),
        (
            "Subtracting the largest score changes nothing in the probabilities, so it "
            "adds nothing to their gradient.",
            "减去最大分数不改变概率，因此对梯度没有贡献。",
        ),
    ),
    "overflow": Cause(
        (
            "exp overflows for large scores",
            "分数较大时 exp 会溢出",
        ),
        (
            "exp(800) is infinity, and the loss becomes nan. Subtract the largest "
            "score of each sample first: np.exp(s - s.max(axis=1, keepdims=True)).",
            "exp(800) 等于无穷大，损失会变成 nan。先减去每个样本的最大分数："
            "np.exp(s - s.max(axis=1, keepdims=True))。",
        ),
        weight="remark",
    ),
    "onehot": Cause(
        (
            "the place of the right class is picked wrongly",
            "正确类别的下标取错了",
        ),
        (
            "probs[np.arange(n), y] picks one probability in each row; probs[:, y] "
            "picks whole columns, and y - 1 the class before.",
            "probs[np.arange(n), y] 在每行取一个概率；probs[:, y] 会取整列，"
            "y - 1 会取到前一类。",
        ),
    ),
    "early": Cause(
        (
            "a parameter is renewed before its old value was used",
            "参数更新得太早，下层还需要旧值",
        ),
        (
            "The gradient of the layer below needs the weights that the forward pass "
            "used. Compute all gradients first, then renew all parameters.",
            "下层的梯度要用前向时的权重。应先算完所有梯度，再统一更新参数。",
        ),
    ),
    "flipped": Cause(
        ("a kernel is turned round", "卷积核翻转错了"),
        (
            "Rows or columns run backwards: a [::-1] too many or too few.",
            "行或列的顺序反了：多了或少了 [::-1]。",
        ),
    ),
    "window": Cause(
        ("a count is off by one", "数目差一"),
        (
            "A window of size k fits into n places n - k + 1 times.",
            "大小为 k 的窗口在长度 n 上可放 n - k + 1 次。",
        ),
    ),
    "missing": Cause(
        ("the gradient is not computed", "没有计算梯度"),
        (
            "Nothing was handed over for this parameter, or nothing that is an array "
            "of numbers.",
            "没有给出该参数的梯度，或给出的不是数值数组。",
        ),
    ),
    "zeros": Cause(
        ("the gradient is all zeros", "梯度全为零"),
        (
            "The array was made and never filled, or the filled one was not returned.",
            "数组建立后没有填入，或没有返回填好的那个。",
        ),
    ),
    "stale": Cause(
        (
            "the gradient does not follow the parameters",
            "梯度没有随参数变化（是旧值）",
        ),
        (
            "It stays as it is when the parameters change: a value of an earlier step, "
            "or one that was computed outside the function.",
            "参数变了它却不变：是之前某一步的值，或是在函数外算好的值。",
        ),
    ),
    "nan": Cause(
        ("the gradient is not finite", "梯度不是有限数"),
        (
            "Somewhere is a division by zero, log(0), or exp of a large number.",
            "某处出现了除以零、log(0)，或对很大的数取 exp。",
        ),
    ),
    "shape": Cause(
        ("the gradient has another shape than the parameter", "梯度的形状与参数不同"),
        (
            "A gradient has one number for each number of its parameter.",
            "参数有多少个数，梯度就有多少个数，形状相同。",
        ),
    ),
    "axis": Cause(
        ("a sum or maximum runs over the wrong axis", "求和或取最大值的轴不对"),
        (
            "Axis 0 are the rows (the samples), axis 1 the columns.",
            "axis 0 是行（样本），axis 1 是列。",
        ),
    ),
    "overwritten": Cause(
        (
            "a value is replaced where it should be added to, or the other way round",
            "该累加的被覆盖了，或该覆盖的被累加了",
        ),
        (
            "Contributions to one gradient are summed up with +=, from zero.",
            "同一个梯度的各部分要从零开始用 += 累加。",
        ),
    ),
    "chain": Cause(
        (
            "a factor of the chain rule is missing or there twice",
            "链式法则中缺少或多乘了一个因子",
        ),
        (
            "On the way back every factor of the forward pass appears once (that is "
            "the chain rule).",
            "反向时，前向的每个因子恰好出现一次（即链式法则）。",
        ),
        general=True,
    ),
    "variable": Cause(
        ("another variable is meant", "用错了变量"),
        (
            "With the other name the gradients agree with the slopes.",
            "换成另一个名字后，梯度与测得的斜率一致。",
        ),
        general=True,
    ),
    "layer": Cause(
        ("the name of another layer is used", "用了另一层的名字"),
        (
            "One layer's name stands where another's is meant, as happens when a line "
            "is copied.",
            "本应是这一层的变量，却写成了另一层的；复制代码行时常会如此。",
        ),
    ),
    "swapped_arguments": Cause(
        ("two arguments are exchanged", "两个参数的顺序反了"),
        (
            "A function is called with its arguments in the wrong order.",
            "调用函数时参数的顺序写反了。",
        ),
    ),
    "formula": Cause(
        ("the formula is not the derivative", "公式不是正确的导数"),
        (
            "With one sign of calculation or number changed, the gradients agree with "
            "the slopes.",
            "改动一个运算符或数字后，梯度与测得的斜率一致。",
        ),
        general=True,
    ),
    "approximate": Cause(
        ("the gradient is nearly right", "梯度接近正确，但不精确"),
        (
            "It is off by less than a thousandth. So looks a numeric gradient, "
            "or one that went through float32, or one that lacks a small term, such as "
            "a penalty.",
            "误差不到千分之一。数值微分得到的梯度、经过 float32 的梯度，或缺少一个小项"
            "（例如正则化）的梯度，都会这样。",
        ),
        general=True,
    ),
    "entries": Cause(
        ("only some entries are wrong", "只有部分元素错误"),
        (
            "The formula is right for the others: look at indices, slices and ranges.",
            "其余元素正确：请检查下标、切片与范围。",
        ),
        general=True,
    ),
    "unknown": Cause(
        ("the gradient is not the slope of this loss", "梯度不是该损失的斜率"),
        (
            "None of the usual mistakes fits. Gradients that are right tell where to "
            "look: the mistake lies between the last right and the first wrong one.",
            "不符合任何常见错误。可由正确的梯度定位："
            "错误在最后一个正确与第一个错误之间。",
        ),
        general=True,
    ),
    "changes": Cause(
        ("an array is changed in place", "函数就地修改了数组"),
        (
            "Calling the function leaves its input changed; the check has put it back. "
            "Write W = W - ... or copy first.",
            "调用后输入被修改；检查已将其复原。请写成 W = W - ...，或先复制。",
        ),
        weight="remark",
    ),
    "unclaimed": Cause(
        ("there are numbers without a gradient", "有些数没有给出梯度"),
        (
            "An object may hold data and settings beside its parameters. These have no "
            "gradient and were not compared; a forgotten gradient is among them.",
            "对象里除参数外还可能有数据和设置。以下各项没有给出梯度，未作比较；"
            "如果漏算了某个梯度，也会列在其中。",
        ),
        weight="remark",
    ),
    "of_output": Cause(
        ("the derivative expects the output", "导数函数的自变量是激活函数的输出"),
        (
            "It is right when it is given f(x) instead of x, as many notes have it. "
            "Call it with the output.",
            "传入 f(x)（而不是 x）时它是正确的，许多讲义如此约定。调用时请传入输出值。",
        ),
        weight="remark",
    ),
    "random": Cause(
        ("it draws random numbers", "函数使用随机数"),
        (
            "They were seeded anew before every call, so that all draw the same.",
            "每次调用前都重新设定了随机种子，使每次抽到的数相同。",
        ),
        weight="remark",
    ),
    "float32": Cause(
        ("it computes in float32", "以 float32 计算"),
        (
            "float32 holds 7 digits, so slopes can be measured to 2 to 4 digits, and "
            "mistakes below that are not seen. With float64 arrays everything shows.",
            "float32 只有 7 位有效数字，斜率只能测到 2 至 4 位，更小的错误看不出来。"
            "换成 float64 数组便能看清。",
        ),
        weight="remark",
    ),
    "kink": Cause(
        ("places without a slope were left out", "跳过了没有斜率的位置"),
        (
            "At a kink, such as ReLU at 0, the slopes to the left and right differ, "
            "and no comparison proves anything there.",
            "在折点（例如 ReLU 的 0 处）左右斜率不同，那里的比较不能证明什么。",
        ),
        weight="remark",
    ),
}
