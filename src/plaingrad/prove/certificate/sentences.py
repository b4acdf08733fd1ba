"""The words of certificates, in English and Chinese."""

from __future__ import annotations

from ...train.engines import MISSING
from ...write.words import words

SENTENCES: dict[str, dict[str, str]] = {
    "en": {
        "title": "Certificate of `{network}`",
        "proved": "proved",
        "wrong": "wrong",
        "not shown": "not shown",
        "frozen": "frozen",
        "left out": "left out",
        "all_proved": "Proved: every gradient that this training uses is the slope of "
        "its loss.",
        "all_wrong": "Wrong: this training uses a gradient that is not the slope of "
        "its loss, or does not use the gradients that were proved.",
        "all_not shown": "Not shown: nothing that was measured is wrong, but not "
        "everything could be measured.",
        "loss": "The loss is {loss}{penalties}, {value} on {samples} of {given} "
        "samples, all in float64.",
        "fixed": " What is drawn at random is held fixed.",
        "penalty": " with {name} = {strength}",
        "gradients": "Gradients",
        "columns": "layer | array | shape | largest error | entries checked | kinks | "
        "second way | verdict",
        "input": "input",
        "none": "-",
        "all_checked": "all {checked}",
        "some_checked": "{checked} of {size}",
        "moved": "{cell}, moved",
        "ways": " + {ways} directions",
        "chain": "The chain, over {updates} updates",
        "chain_columns": "from | to | largest difference | verdict",
        "measured": "slopes measured from the loss",
        "program": "gradients of the training",
        "script": "weights by the printed script",
        "native": "weights by machine code",
        "found_wrong": "`{name}` is wrong. The difference is largest at {place}: the "
        "training uses {claimed}, and the loss has the slope {measured}.",
        "wrong_way": "`{name}` is wrong in entries that were not measured one by one: "
        "along a random direction its gradient is not the slope of the loss.",
        "where": "Of the layers with a wrong gradient, `{layer}` is the last: the "
        "mistake is in its own rule, or in that of what comes after it and has no "
        "parameters.",
        "kinks_shown": "`{name}` is not shown: no entry that was tried has a slope, "
        "here or close by. Try other samples, or train a little first.",
        "disagree": "`{name}` is not shown: the two ways of measuring disagree. The "
        "likely cause is a kink close by.",
        "lost": "`{name}` is not shown: its gradient is zero but for rounding, here "
        "and close by.",
        "diverged": "The weights became infinite in these updates, so nothing can be "
        "compared: try a smaller learning rate.",
        "link_wrong": "{link}: the largest difference is in `{parameter}`.",
        "missing": "Left out: {why}",
        "unavailable": MISSING,
        "words": "How to read it",
        "word_slope": "The *slope* of the loss by an entry is how fast the loss grows "
        "when that entry grows. The gradient of an array claims the slopes by all its "
        "entries, and training follows it.",
        "word_step": "Slopes are measured from the loss alone, by the *complex step*: "
        "an entry is moved by the imaginary number 1e-30 i, and the imaginary part of "
        "the loss, divided by 1e-30, is the slope to the last digits. No rule for "
        "derivatives is used.",
        "word_differences": "An operation here takes no complex numbers, so the "
        "slopes of {names} are *differences*: the loss at two points close by.",
        "word_error": "The *largest error* is the largest difference between gradient "
        "and slope, as a part of the largest entry of the gradient. Up to {tolerance} "
        "counts as rounding; where much cancels in the gradient, so does what "
        "rounding of all that cancels may leave.",
        "word_checked": "Of an array with more than {entries} entries so many are "
        "drawn and measured one by one, and all entries together along random "
        "*directions*: each moves every entry by a random amount, so that one number "
        "tests them all.",
        "word_kinks": "A *kink* is where the loss bends, as ReLU does at 0 and a "
        "maximum where two are equal: the slopes to both sides differ (or are "
        "infinite), and there is none to compare with. Such entries are skipped and "
        "counted.",
        "word_moved": "*Moved*: of {names}, a direction through all entries meets a "
        "kink, all entries tried are at one, or the gradient is zero but for "
        "rounding. For these, weights and samples were first moved a little at random.",
        "word_second": "The *second way* is the error once more, along a random "
        "direction, by differences of the printed lines; they are blurred by rounding "
        "and tell fewer digits. It is missing where they meet a kink.",
        "word_frozen": "*Frozen* arrays have no gradient: training leaves them as "
        "they are.",
        "word_chain": "The chain goes on from there: the optimiser's rule on these "
        "gradients, the script that is printed, and machine code must train to the "
        "same weights, from the present ones, moved a little at random. A difference "
        "is a part of how far an array moved; up to {tolerance} counts as rounding.",
        "marks": "A proof for these weights ({weights}) and samples ({data}), with "
        "this training ({program}), by plaingrad {version}; what was drawn is drawn "
        "with the seed {seed}.",
        "same": "The certificate holds: network, weights and samples are those that "
        "it was made for, and everything was proved again.",
        "changed": "The certificate is of something else: changed since it was made: "
        "{what}.",
        "again": "Proved again as it is now: {verdict}.",
        "fails": "The certificate does not hold: {what} is no longer as it says.",
        "what_program": "the training",
        "what_weights": "the weights",
        "what_data": "the samples",
        "comma": ", ",
    },
    "zh": {
        "title": "`{network}` 的证书",
        "proved": "已证明",
        "wrong": "错误",
        "not shown": "未能证明",
        "frozen": "已冻结",
        "left out": "略去",
        "all_proved": "已证明：训练所用的每个梯度都是损失的斜率。",
        "all_wrong": "错误：训练所用的某个梯度不是损失的斜率，或训练没有使用已证明的梯"
        "度。",
        "all_not shown": "未能证明：测量过的都没有错，但并非全部都能测量。",
        "loss": "损失为 {loss}{penalties}，在 {given} 个样本中的 {samples} 个上等于 "
        "{value}，全部以 float64 计算。",
        "fixed": "随机抽取的数保持不变。",
        "penalty": "，其中 {name} = {strength}",
        "gradients": "梯度",
        "columns": "层 | 数组 | 形状 | 最大误差 | 检查的元素 | 折点 | 第二种方法 | 结"
        "论",
        "input": "输入",
        "none": "-",
        "all_checked": "全部 {checked} 个",
        "some_checked": "{size} 个中的 {checked} 个",
        "moved": "{cell}，移动后",
        "ways": "，{ways} 个方向",
        "chain": "证明链，共 {updates} 次更新",
        "chain_columns": "从 | 到 | 最大差异 | 结论",
        "measured": "由损失测得的斜率",
        "program": "训练所用的梯度",
        "script": "打印的脚本得到的权重",
        "native": "机器码得到的权重",
        "found_wrong": "`{name}` 有错。差异最大处为 {place}：训练使用 {claimed}，而损"
        "失的斜率是 {measured}。",
        "wrong_way": "`{name}` 在没有逐个测量的元素上有错：沿某个随机方向，它的梯度不"
        "等于损失的斜率。",
        "where": "梯度有错的各层中，`{layer}` 是最后一层：错误在它自己的求导法则中，或"
        "在它之后没有参数的运算中。",
        "kinks_shown": "`{name}` 未能证明：试过的元素在这里和附近都没有斜率。请换一组"
        "样本，或先训练几步。",
        "disagree": "`{name}` 未能证明：两种测量方法不一致，原因多半是附近有折点。",
        "lost": "`{name}` 未能证明：它的梯度在这里和附近都只剩舍入误差。",
        "diverged": "权重在这几次更新中变成无穷大，无法比较：请减小学习率。",
        "link_wrong": "{link}：差异最大的是 `{parameter}`。",
        "missing": "略去：{why}",
        "unavailable": "机器码需要 llvmlite，但没有安装。请运行：pip install llvmlite",
        "words": "怎样读这份证书",
        "word_slope": "损失对某个元素的*斜率*，是该元素增大时损失增长的快慢。数组的梯"
        "度声称给出对其全部元素的斜率，训练按它进行。",
        "word_step": "斜率只由损失本身测得，方法是*复数步*：把一个元素移动虚数 1e-30 i"
        "，损失的虚部除以 1e-30 就是斜率，精确到最后几位。这里不用任何求导法则。",
        "word_differences": "这里有一个运算不接受复数，所以 {names} 的斜率用*差分*测"
        "得：取相近两点的损失之差。",
        "word_error": "*最大误差*是梯度与斜率的最大差异，以梯度的最大元素为单位。不超"
        "过 {tolerance} 视为舍入误差；梯度中相互抵消的部分较大时，这些部分的舍入所能留"
        "下的差异也是如此。",
        "word_checked": "元素多于 {entries} 个的数组，抽取这么多个逐一测量；再沿随机*"
        "方向*测量全部元素：每个方向把每个元素移动一个随机的量，一个数就检验了所有元"
        "素。",
        "word_kinks": "*折点*是损失转折的地方，例如 ReLU 在 0 处、两数相等时的最大值："
        "两侧的斜率不同（或为无穷大），没有可以比较的斜率。这样的元素跳过并计数。",
        "word_moved": "*移动后*：对 {names}，穿过全部元素的方向会遇到折点，或试过的元"
        "素都在折点上，或梯度只剩舍入误差；这些是先把权重和样本随机移动一点再测量的。",
        "word_second": "*第二种方法*是沿一个随机方向，用打印出的各行代码的差分再测一次"
        "误差；它受舍入影响，可信的位数较少。遇到折点时从缺。",
        "word_frozen": "*已冻结*的数组没有梯度：训练不改变它们。",
        "word_chain": "证明链由此继续：从现在的权重（随机移动一点）出发，由这些梯度按"
        "优化器的规则、由打印的脚本、由机器码，必须训练出同样的权重。差异以数组移动的"
        "距离为单位；不超过 {tolerance} 视为舍入误差。",
        "marks": "本证明针对这些权重（{weights}）、样本（{data}）和训练（{program}），"
        "由 plaingrad {version} 作出；抽取用的随机种子为 {seed}。",
        "same": "证书有效：网络、权重和样本都与作出证书时相同，并且全部重新得到证明。",
        "changed": "证书针对的不是现在的对象：作出证书之后改变了的有：{what}。",
        "again": "按现状重新证明的结论：{verdict}。",
        "fails": "证书不成立：{what} 与证书所说的不再一致。",
        "what_program": "训练",
        "what_weights": "权重",
        "what_data": "样本",
        "comma": "、",
    },
}


def sentences(lang: str) -> dict[str, str]:
    """Return the sentences of certificates in a language ("en" or "zh")."""
    words(lang)
    return SENTENCES[lang]
