"""What a report on a script says, in English and Chinese."""

from __future__ import annotations

from ...errors import unknown_name
from ..causes import CAUSES, Cause

SCRIPT_CAUSES: dict[str, Cause] = {
    "layer": Cause(
        ("the name of another layer stands here", "这里写成了另一层的名字"),
        (
            "With the other name all steps follow the measured slopes. A name is "
            "easily left unchanged when a line is copied.",
            "换成另一个名字后，所有更新都与测得的斜率一致。复制代码行时容易忘记改名字。",
        ),
    ),
    "swapped_arguments": Cause(
        ("the two arguments are exchanged", "两个参数写反了"),
        ("The function wants them in the other order.", "该函数需要相反的顺序。"),
    ),
    "unused": Cause(
        (
            "a factor was computed and is not used",
            "算出了一个因子却没有使用",
        ),
        (
            "It belongs here: on the way back through an activation, the gradient is "
            "multiplied by its derivative.",
            "它应当用在这里：反向经过激活函数时，梯度要乘以它的导数。",
        ),
    ),
    "exhausted": Cause(
        (
            "an iterator is used up after its first pass",
            "迭代器在第一遍之后就已耗尽",
        ),
        (
            "In Python 3, zip, map and filter can be run through once. From the second "
            "epoch on this loop does nothing. Make a list of it: list(zip(...)).",
            "在 Python 3 中，zip、map、filter 只能遍历一次。"
            "从第二个 epoch（整遍训练）起，这个循环什么也不做。"
            "请转成列表：list(zip(...))。",
        ),
    ),
    "unsized": Cause(
        ("an iterator has no length and no places", "迭代器没有长度，也不能取下标"),
        (
            "In Python 3, zip, map, filter and range-like results of Python 2 are made "
            "while they are run through. Make a list of it first.",
            "在 Python 3 中，zip、map、filter 边遍历边产生。请先转成列表。",
        ),
    ),
    "python2": Cause(
        ("this is Python 2", "这是 Python 2 的写法"),
        ("Python 3 writes {new} for {old}.", "Python 3 中 {old} 应写作 {new}。"),
    ),
    "print": Cause(
        ("print is a function in Python 3", "Python 3 中 print 是函数"),
        ("Put what is printed in brackets.", "请把要打印的内容放进括号。"),
    ),
    "power": Cause(
        (
            "** was lost, as Markdown makes bold type of it",
            "** 丢失了（Markdown 把它当成粗体）",
        ),
        ("A square is written ** 2.", "平方应写作 ** 2。"),
    ),
    "characters": Cause(
        ("there are typographic characters in the code", "代码中有全角或排版字符"),
        (
            "Python wants plain quotes, commas and brackets.",
            "Python 需要半角的引号、逗号和括号。",
        ),
    ),
    "tabs": Cause(
        ("tabs and spaces are mixed", "混用了制表符与空格"),
        ("Indent by spaces only.", "缩进请只用空格。"),
    ),
    "moved": Cause(
        ("{old} is no more", "{old} 已不存在"),
        ("Today it is {new}.", "现在应使用 {new}。"),
    ),
    "called_shape": Cause(
        ("shape is called like a function", "把 shape 当成函数来调用了"),
        (
            "shape is a tuple (numbers in a row): take one by square brackets.",
            "shape 是元组（一排数），应使用方括号取出其中一个。",
        ),
    ),
    "floored": Cause(
        ("1 // n is 0", "1 // n 等于 0"),
        (
            "// leaves out what is behind the point. Write 1 / n.",
            "// 会去掉小数部分，应写 1 / n。",
        ),
    ),
    "objects": Cause(
        ("an array of objects", "对象数组"),
        (
            "NumPy then computes with each number as a Python object, slowly, and many "
            "functions fail. Make it an array of numbers: dtype=float.",
            "NumPy 会把每个数当作 Python 对象来算，很慢，而且许多函数会出错。"
            "请用数值数组：dtype=float。",
        ),
    ),
    "float_count": Cause(
        ("a count is a fraction", "计数成了小数"),
        (
            "In Python 3, / gives a fraction. Write // for a whole number.",
            "在 Python 3 中，/ 得到小数。需要整数时请写 //。",
        ),
    ),
    "ragged": Cause(
        ("the rows have different lengths", "各行长度不同"),
        (
            "An array has rows of one length. Look for a row that is too short.",
            "数组各行长度必须相同，请检查哪一行长度不对。",
        ),
    ),
    "whole": Cause(
        ("an array of whole numbers cannot take a step", "整数数组无法更新"),
        (
            "Steps are fractions; an array of whole numbers refuses them or cuts them "
            "off. Begin with dtype=float.",
            "更新量是小数，整数数组会拒绝或舍去它。请以 dtype=float 建立。",
        ),
    ),
    "repeated": Cause(
        (
            "the parameters are renewed several times with one prediction",
            "同一次预测被用来更新了多次参数",
        ),
        (
            "The update stands in a loop that does not compute the prediction anew, so "
            "the same step is taken {count} times. Move it out of that loop.",
            "更新语句位于一个不重新计算预测的循环里，同一步被执行了 {count} 次。"
            "请移到该循环之外（减少缩进）。",
        ),
    ),
    "last": Cause(
        ("only the last sample of each pass counts", "每一遍只有最后一个样本起作用"),
        (
            "The update stands behind the loop over the samples. Indent it, so that it "
            "is done for every sample.",
            "更新语句位于样本循环之后。请增加缩进，让每个样本都更新一次。",
        ),
    ),
    "never_reset": Cause(
        ("{name} is never set back", "{name} 从未清零"),
        (
            "It is told every epoch and still holds what was counted before. Begin "
            "every epoch with {name} = 0.",
            "每个 epoch（整遍训练）都打印它，但其中还包含以前累计的值。"
            "每个 epoch 开始时应写 {name} = 0。",
        ),
    ),
    "stale_metric": Cause(
        (
            "{name} is the same for every row that is counted",
            "{name} 对每一行都相同",
        ),
        (
            "The loop counts rows, but the prediction is not computed inside it: it is "
            "that of an earlier line.",
            "循环按行计数，但预测不在循环内计算，用的是之前的旧值。",
        ),
    ),
    "miscounted": Cause(
        ("the count and the division do not match", "计数与除数不一致"),
        (
            "{counted} rows were counted, and the result is divided by {divisor}.",
            "数了 {counted} 行，却除以 {divisor}。",
        ),
    ),
    "wide_slice": Cause(
        ("the slice is wider than one row", "切片多取了行"),
        (
            "It changes no number here: argmax takes the first of equal maxima, which "
            "is that of the first row, as long as rows are one-hot (one 1, else 0).",
            "这里不会改变任何结果：argmax 取第一个最大值，也就是第一行的"
            "（只要各行是 one-hot，即一个 1、其余为 0）。",
        ),
        weight="remark",
    ),
    "accumulated": Cause(
        ("a gradient is never set back to zero", "梯度从未清零"),
        (
            "It still holds the gradients of earlier steps. Set it to zero when a step "
            "begins.",
            "其中仍含有以前各步的梯度。每一步开始时应清零。",
        ),
    ),
    "stops": Cause(
        ("the script stops here", "脚本在此处中止"),
        ("{error}", "{error}"),
    ),
    "unlike": Cause(
        ("the step does not follow the slope of the loss", "更新方向与损失的斜率不符"),
        (
            "None of the known changes of one line repairs it. Parameters that are "
            "right tell where to look: the mistake lies between them and the first "
            "wrong one.",
            "没有找到能修复它的单行改动。"
            "可由正确的参数定位：错误在它与第一个错误参数之间。",
        ),
    ),
}

SAID: dict[str, dict[str, str]] = {
    "en": {
        "ran": "The script was run on this computer as `python {file}` would run it: "
        "{runs} times, as far as the step that is examined, in {seconds} s.",
        "loop": "Training loop: line {line}, `{text}`; its first pass is the step.",
        "plain_loop": "No loop trains: the script takes one step, which is examined.",
        "said": "Loss: `{name}` (line {line}), which the script computes.",
        "squares": "Loss: the script computes none that its steps follow. They imply "
        "the squares of `{name}` (line {line}), halved and summed.",
        "entropy": "Loss: the script computes none that its steps follow. They imply "
        "the cross-entropy (minus the logarithm of the probability of the right class) "
        "of `{name}` (line {line}).",
        "binary": "Loss: the script computes none that its steps follow. They imply "
        "the cross-entropy of yes or no, of `{name}` (line {line}).",
        "custom": "The factors are a multiple of the learning rate: the gradient lacks "
        "the 2 of a square, say, or sums where the loss takes the mean. That is a "
        "convention, not a fault.",
        "down": "down the gradient, factor {factor}",
        "sign": "down the gradient by its sign, as Adam and RMSprop do",
        "decay": "down the gradient, factor {factor}, and to zero by {decay} x itself",
        "up": "UP the gradient, factor {factor}",
        "astray": "NOT along the gradient (cosine {cosine}; 1 is right)",
        "unmoved": "NOT moved, although there is a slope",
        "aimless": "moved, although there is no slope",
        "still": "nothing to see at this step: no slope and no move",
        "row": "  {path:<{width}}  line {line:>4}  {what}",
        "head": "Parameters (the factor is the step divided by the measured slope):",
        "uneven": "The factors differ: the parameters learn at different rates.",
        "right": "Every parameter goes down the gradient. No fault was found.",
        "found": "Found:",
        "remarks": "Remarks:",
        "at": "  line {line}: {title}",
        "was": "      now:    {text}",
        "now": "      better: {text}",
        "moved": "      better: the same, below line {line}",
        "proved": "With these changes every parameter goes down the gradient by one "
        "factor: measured.",
        "unproved": "Not all is repaired by these changes.",
        "unsearched": "The time for the search was used up (--seconds gives more).",
        "none": "No fault was found in what can be seen without a training step.",
        "refused": "The training could not be followed: {reason}",
        "wrote": "wrote {path}, and checked it: {verdict}",
        "good": "no fault is left",
        "bad": "faults are left",
        "unmended": "nothing can be repaired, so no copy was written",
        "no_step": "no loop was seen that renews numbers from a prediction.",
        "no_slopes": "no loss was found: the script computes none, and no difference "
        "of a prediction and a target.",
        "doubtful": "its steps follow neither a loss that it computes nor one that is "
        "usual. Nothing certain can be said.",
        "syntax": "Python 3 cannot read line {line}: {error}.",
        "error": "it stops at line {line} with {error}.",
        "library": "the gradients come from {name}, not from the script.",
        "unsteady": "its steps are others each time it runs, also with NumPy's random "
        "numbers seeded. Give a seed to what draws them: np.random.RandomState(0).",
        "time": "it did not come to a second step within {seconds} s.",
        "killed": "it did not end within {seconds} s, and was ended.",
        "crashed": "Python itself ended while it ran: {error}.",
    },
    "zh": {
        "ran": "脚本在本机上按 `python {file}` 的方式运行了 {runs} 次，"
        "每次到被检查的那一步为止，共 {seconds} 秒。",
        "loop": "训练循环：第 {line} 行 `{text}`；检查它的第一遍。",
        "plain_loop": "没有训练循环：脚本只更新一步，检查的就是这一步。",
        "said": "损失：脚本计算的 `{name}`（第 {line} 行）。",
        "squares": "损失：脚本没有计算与更新一致的损失。由更新推断为 `{name}`"
        "（第 {line} 行）的平方和的一半。",
        "entropy": "损失：脚本没有计算与更新一致的损失。由更新推断为 `{name}`"
        "（第 {line} 行）的交叉熵（正确类别概率的负对数）。",
        "binary": "损失：脚本没有计算与更新一致的损失。由更新推断为 `{name}`"
        "（第 {line} 行）的二元交叉熵（是或否）。",
        "custom": "因子是学习率的固定倍数：例如梯度省去了平方的 2，或以总和代替平均。"
        "这是约定，不是错误。",
        "down": "沿梯度下降，因子 {factor}",
        "sign": "按梯度的符号下降（如 Adam、RMSprop）",
        "decay": "沿梯度下降，因子 {factor}，另有 {decay} × 参数的衰减",
        "up": "沿梯度【上升】，因子 {factor}",
        "astray": "【不】沿梯度（余弦 {cosine}；正确时为 1）",
        "unmoved": "有斜率却【没有】更新",
        "aimless": "没有斜率却更新了",
        "still": "这一步看不出：没有斜率，也没有更新",
        "row": "  {path:<{width}}  第 {line:>4} 行  {what}",
        "head": "参数（因子 = 更新量 / 测得的斜率）：",
        "uneven": "各参数的因子不同，学习速度不一致。",
        "right": "所有参数都沿梯度下降，未发现错误。",
        "found": "发现：",
        "remarks": "备注：",
        "at": "  第 {line} 行：{title}",
        "was": "      现在：{text}",
        "now": "      应为：{text}",
        "moved": "      应为：同样的内容，放在第 {line} 行之后",
        "proved": "改正后，所有参数以同一因子沿梯度下降（已实测）。",
        "unproved": "这些改动没有修复全部问题。",
        "unsearched": "查找时间已用完（可用 --seconds 延长）。",
        "none": "不看训练步骤，未发现错误。",
        "refused": "无法跟踪训练过程：{reason}",
        "wrote": "已写入 {path} 并检查：{verdict}",
        "good": "没有剩余错误",
        "bad": "仍有错误",
        "unmended": "没有可以修复之处，未写副本",
        "no_step": "没有看到根据预测更新数值的循环。",
        "no_slopes": "没有找到损失：脚本既没有计算损失，也没有预测与目标之差。",
        "doubtful": "更新既不符合脚本计算的损失，也不符合常见的损失，无法下结论。",
        "syntax": "Python 3 无法读取第 {line} 行：{error}。",
        "error": "脚本在第 {line} 行中止：{error}。",
        "library": "梯度由 {name} 计算，而不是由脚本计算。",
        "unsteady": "每次运行的更新都不同，即使固定了 NumPy 的随机种子。"
        "请给抽取随机数的对象设定种子，例如 np.random.RandomState(0)。",
        "time": "{seconds} 秒内没有到达第二步。",
        "killed": "{seconds} 秒内没有结束，已被终止。",
        "crashed": "运行时 Python 自身终止：{error}。",
    },
}


def cause(name: str) -> Cause:
    """Return the record of a cause, of scripts or of functions."""
    return SCRIPT_CAUSES.get(name) or CAUSES[name]


def said(lang: str) -> dict[str, str]:
    """Return the sentences of a language."""
    if lang not in SAID:
        raise unknown_name("language", lang, SAID)
    return SAID[lang]
