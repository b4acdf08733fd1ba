"""The words of printed scripts and derivations, in English and Chinese."""

from __future__ import annotations

from ..errors import unknown_name

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "start": "parameters",
        "memory": "the optimiser's memory",
        "training": "training",
        "forward": "forward",
        "loss": "loss",
        "backward": "backward",
        "update": "update",
        "stopping": "early stopping",
        "plateau": "a smaller step when the loss stays",
        "evaluation": "evaluation",
        "overflow": "1 / (1 + exp(800)) is 0, as it should be",
        "uniform": "numbers in [0, 1), a pure function of the key",
        "blocks": "blocks in another order, the rows of a few mixed",
        "edges": "where blocks of rows begin, and the number of rows",
        "title": "printed by plaingrad.",
        "comma": ", ",
    },
    "zh": {
        "start": "参数",
        "memory": "优化器的记忆",
        "training": "训练",
        "forward": "前向传播",
        "loss": "损失",
        "backward": "反向传播",
        "update": "更新参数",
        "stopping": "提前停止",
        "plateau": "损失停滞时减小步长",
        "evaluation": "评估",
        "overflow": "1 / (1 + exp(800)) 等于 0，无需警告",
        "uniform": "[0, 1) 内的数，只由 key 决定",
        "blocks": "打乱块的顺序，每次把几块的行混在一起",
        "edges": "各块起始的行号，最后是总行数",
        "title": "由 plaingrad 打印。",
        "comma": "，",
    },
}


DERIVATION: dict[str, dict[str, str]] = {
    "en": {
        "title": "Derivation of `{title}`",
        "intro": "The formulas are the lines of the NumPy script that plaingrad prints "
        "for this network, in the same order, and the steps between them. $n$ is the "
        "number of samples in a batch.",
        "forward": "The forward pass",
        "given": "Given are {given}; to be learned are {learned}.",
        "loss": "The loss",
        "gradients": "The gradients",
        "chain": "From the loss backwards. The chain rule: every value $r$ that is "
        "computed from $x$ hands its own gradient on to $x$, and what arrives adds up:",
        "chain_end": "Each product stands for what flows back from $r$ to $x$. A "
        "gradient always has the shape of the value it belongs to.",
        "since": "since {formulas}.",
        "and": " and ",
        "many": "${x}$ is used in {count} places, and their contributions add up.",
        "direct": "The loss is computed from ${x}$ itself: ${formula}$.",
        "unread": "${loss}$ does not depend on ${x}$.",
        "hence": "Hence",
        "way": "On the way, ${x}$ (not a line of the script):",
        "joined": "Put together and simplified:",
        "helpers": "For this the script computes",
        "inserted": "With the gradients above put in:",
        "together": "Here ${softmax} = {exp}{short}${total}. Softmax and cross-entropy "
        "together leave a difference between prediction and target:",
        "total": ", and ${total}$, because the targets of a sample sum to one",
        "note": "{note}.",
        "comma": ", ",
        "gap": " ",
        "shapes": "Shapes: ${shapes}$",
        "shape": "Shape: ${shapes}$",
        "update": "The update",
        "settings": "With {settings}.",
        "memory": "The memories {states} start at zero.",
        "each": "In the same way for every parameter $\\theta$ of {parameters}:",
        "arrow": "$\\leftarrow$ gives the name on its left a new value.",
        "symbols": "Symbols",
        "columns": "symbol | in the script | shape | meaning",
        "batch": "number of samples in the batch",
        "data": "given array",
        "parameter": "parameter",
        "state": "memory of the optimizer",
        "time": "where the training stands",
        "setting": "setting",
        "setting_value": "{setting}: ${value}$",
        "number": "number",
        "adjoint": "gradient",
        "in_forward": "forward pass",
        "in_loss": "part of the loss",
        "in_backward": "backward pass",
        "in_update": "update",
        "value_X": "input, one sample in each row",
        "value_y": "targets",
        "value_w": "weights of the samples",
        "value_step": "number of the update",
        "value_steps": "number of updates in all",
        "value_epoch": "number of the epoch",
        "value_epochs": "number of epochs in all",
        "value_lr": "learning rate",
        "value_l1": "strength of the penalty",
        "value_l2": "strength of the penalty",
        "value_momentum": "momentum",
        "value_seed": "seed of the random numbers",
        "value_loss": "loss",
        "value_data_loss": "loss without penalties",
        "value_scores": "scores",
        "value_pred": "prediction",
        "value_onehot": "targets as rows of zeros and a one",
        "value_shifted": "less the largest of its row, so that no exponential is large",
        "value_logprobs": "logarithm of the probabilities",
        "value_norm": "norm of all gradients together",
        "read_entries": "Functions, powers and fractions of arrays are taken entry by "
        "entry. Arrays of different shapes are broadcast as in NumPy.",
        "read_odot": "$\\odot$ multiplies entry by entry. Matrices side by side, or "
        "with a dot between them, are a matrix product, and $\\top$ transposes.",
        "read_sum": "$\\sum$ without an index sums all entries, and "
        "$\\sum_{\\text{axis } k}$ along an axis, counted from 0.",
        "read_row": "$x_i$ is the row of $x$ that belongs to sample $i$.",
        "read_truth": "$[c]$ is 1 where the condition $c$ holds, else 0.",
        "read_sigma": "$\\sigma(x) = \\frac{1}{1 + e^{-x}}$.",
        "read_onehot": "$\\operatorname{onehot}_{k}$ makes of each label a row of $k$ "
        "numbers: 1 at the label, else 0.",
        "read_reshape": "$\\operatorname{reshape}$ puts the same entries, row by row, "
        "into another shape.",
        "read_broadcast": "$\\operatorname{broadcast}$ repeats entries up to a shape.",
        "read_transpose": "$\\operatorname{transpose}$ puts the axes in this order.",
        "read_patches": "$\\operatorname{patches}_{h \\times w}$ lays out what windows "
        "of $h \\times w$ pixels see: samples, rows, columns, pixels of the window, "
        "channels.",
        "read_fold": "$\\operatorname{patches}^{\\top}$ goes the way back: each entry "
        "is added to the pixel that it came from.",
        "read_pad": "$\\operatorname{pad}$ adds rows and columns of zeros, or of the "
        "number that it names, before and after along each axis.",
        "read_place": "$\\operatorname{place}$ puts an array into zeros, at the "
        "positions named.",
        "read_index": "$x[k]$ are the entries of $x$ with the numbers $k$, counted "
        "from 0, $x[i, j]$ those with numbers along two axes; $x[a:b]$ is a slice.",
        "read_int": "$\\operatorname{int}$ leaves out what stands behind the point.",
        "read_put": "$\\operatorname{put}_{k}$ adds row $j$ to row $k_j$ of zeros; "
        "with several numbers each entry is added at the place that they name.",
        "read_uniform": "$\\operatorname{uniform}$ gives random numbers in $[0, 1)$ "
        "that depend on the seed, the update and a number for the place.",
        "read_fixed": "A derivative with a bar holds the values below the bar fixed.",
    },
    "zh": {
        "title": "`{title}` 的推导",
        "intro": "下面的公式就是 plaingrad 为这个网络打印的 NumPy 脚本中的各行，"
        "顺序相同，并补上了行与行之间的推导。$n$ 是一个批次的样本数。",
        "forward": "前向传播",
        "given": "已知 {given}；需要学习的参数是 {learned}。",
        "loss": "损失",
        "gradients": "反向传播",
        "chain": "从损失出发，由后向前。链式法则：凡是由 $x$ 算出的值 $r$，"
        "都把自己的梯度传回给 $x$，各份贡献相加：",
        "chain_end": "式中每个乘积表示从 $r$ 传回 $x$ 的那一份。"
        "梯度的形状总与它所对应的值相同。",
        "since": "因为 {formulas}。",
        "and": "，",
        "many": "${x}$ 在 {count} 处被用到，各处的贡献相加。",
        "direct": "损失直接由 ${x}$ 算出：${formula}$。",
        "unread": "${loss}$ 与 ${x}$ 无关。",
        "hence": "因此",
        "way": "途中先求 ${x}$（脚本中没有这一行）：",
        "joined": "代入前面的结果并化简：",
        "helpers": "为此，脚本先算出",
        "inserted": "代入上面的梯度：",
        "together": "这里 ${softmax} = {exp}{short}${total}。"
        "softmax 与交叉熵合在一起，只剩下预测与目标之差：",
        "total": "，并且 ${total}$，因为每个样本的目标之和为 1",
        "note": "{note}。",
        "comma": "、",
        "gap": "",
        "shapes": "形状：${shapes}$",
        "shape": "形状：${shapes}$",
        "update": "更新参数",
        "settings": "其中 {settings}。",
        "memory": "{states} 的初值为零。",
        "each": "对每个参数 $\\theta$（即 {parameters}）都做同样的更新：",
        "arrow": "$\\leftarrow$ 表示给左边的名字赋新值。",
        "symbols": "符号表",
        "columns": "符号 | 脚本中的名字 | 形状 | 含义",
        "batch": "批次的样本数",
        "data": "给定的数组",
        "parameter": "参数",
        "state": "优化器保存的状态",
        "time": "训练的进度",
        "setting": "设定值",
        "setting_value": "{setting}：${value}$",
        "number": "数",
        "adjoint": "梯度",
        "in_forward": "前向传播",
        "in_loss": "损失的一部分",
        "in_backward": "反向传播",
        "in_update": "参数更新",
        "value_X": "输入，每行一个样本",
        "value_y": "目标",
        "value_w": "样本权重",
        "value_step": "更新的序号",
        "value_steps": "更新的总次数",
        "value_epoch": "轮次的序号",
        "value_epochs": "总轮数",
        "value_lr": "学习率",
        "value_l1": "惩罚项的强度",
        "value_l2": "惩罚项的强度",
        "value_momentum": "动量",
        "value_seed": "随机种子",
        "value_loss": "损失",
        "value_data_loss": "不含惩罚项的损失",
        "value_scores": "得分",
        "value_pred": "预测值",
        "value_onehot": "独热编码的目标",
        "value_shifted": "减去所在行的最大值，避免指数过大",
        "value_logprobs": "概率的对数",
        "value_norm": "全部梯度合起来的范数",
        "read_entries": "数组的函数、幂和分式都按元素计算。"
        "形状不同的数组按 NumPy 的规则广播。",
        "read_odot": "$\\odot$ 表示按元素相乘；矩阵并排书写或用点相连，表示矩阵乘积；"
        "$\\top$ 表示转置。",
        "read_sum": "不带下标的 $\\sum$ 对所有元素求和，"
        "$\\sum_{\\text{axis } k}$ 沿一条轴求和，轴从 0 开始编号。",
        "read_row": "$x_i$ 是 $x$ 中属于样本 $i$ 的那一行。",
        "read_truth": "$[c]$ 在条件 $c$ 成立处为 1，否则为 0。",
        "read_sigma": "$\\sigma(x) = \\frac{1}{1 + e^{-x}}$。",
        "read_onehot": "$\\operatorname{onehot}_{k}$ 把每个标签变成一行 $k$ 个数："
        "标签处为 1，其余为 0。",
        "read_reshape": "$\\operatorname{reshape}$ 把同样的元素按行排成另一种形状。",
        "read_broadcast": "$\\operatorname{broadcast}$ 把元素重复到给定的形状。",
        "read_transpose": "$\\operatorname{transpose}$ 按给出的次序排列各轴。",
        "read_patches": "$\\operatorname{patches}_{h \\times w}$ 列出 $h \\times w$ "
        "滑动窗口看到的内容，各轴依次为：样本、行、列、窗口内的像素、通道。",
        "read_fold": "$\\operatorname{patches}^{\\top}$ 是相反的过程："
        "把每个元素加回它所来自的像素。",
        "read_pad": "$\\operatorname{pad}$ 沿各轴在前后补零，或补上写明的数。",
        "read_place": "$\\operatorname{place}$ 把数组放进全零数组中写明的位置。",
        "read_index": "$x[k]$ 取出 $x$ 中编号为 $k$（从 0 起）的元素，$x[i, j]$ "
        "按两个轴上的编号取出元素；$x[a:b]$ 是切片。",
        "read_int": "$\\operatorname{int}$ 去掉小数点后面的部分。",
        "read_put": "$\\operatorname{put}_{k}$ 把第 $j$ 行加到全零数组的第 $k_j$ 行；"
        "有多个编号时，每个元素加到它们所指的位置。",
        "read_uniform": "$\\operatorname{uniform}$ 给出 $[0, 1)$ 内的随机数，"
        "只取决于种子、更新次数和位置编号。",
        "read_fixed": "带竖线的导数表示竖线右下方的值保持不变。",
        "\\text{axis }": "\\text{轴 }",
        "\\text{if }": "\\text{若 }",
        "\\text{otherwise}": "\\text{否则}",
        "\\text{stride }": "\\text{步幅 }",
        "\\text{dilation }": "\\text{膨胀 }",
        "max pooling": "最大池化",
        "average pooling": "平均池化",
        "residual": "残差",
        "random flip": "随机翻转",
        "random translation": "随机平移",
        "random crop": "随机裁剪",
        "random rotation": "随机旋转",
        "Gaussian noise": "高斯噪声",
        "orthogonal": "正交",
    },
}
"""The sentences of derivations. For Chinese also the words inside formulas."""


def words(lang: str) -> dict[str, str]:
    """Return the words of a language ("en" or "zh")."""
    if lang not in WORDS:
        raise unknown_name("language", lang, WORDS)
    return WORDS[lang]


def sentences(lang: str) -> dict[str, str]:
    """Return the sentences of derivations in a language."""
    words(lang)
    return DERIVATION[lang]
