"""The words of reports on tables, in English and Chinese."""

from __future__ import annotations

from ..write.words import words

SENTENCES: dict[str, dict[str, str]] = {
    "en": {
        "title": "Report on {target}",
        "about": "The network predicts {target}, {what}, from the other columns. ",
        "one_of": "one of {count} classes",
        "quantity": "a number",
        "rows": "It learnt from {train} rows, and {validation} rows said when to stop. "
        "All numbers below are of {judged} other rows, which it has never seen.",
        "elsewhere": "All numbers below are of {judged} rows that were given for this "
        "report; they say how good it is only if it was not trained on them.",
        "good": "How good it is",
        "good_columns": "measure | value | 95 % interval | without the columns",
        "good_classes": "The *accuracy* is the share of rows predicted right. The "
        "*balanced accuracy* is its mean over the classes, however many rows each has. "
        "The *log loss* is the mean of -log(probability given to the true class): "
        "smaller is better. The interval says how much the value would differ with "
        "other rows: for the accuracy by Wilson's formula, for the others by drawing "
        "the rows again 1,000 times. The last column is what is reached by always "
        "saying the most frequent class, or the share of each class.",
        "good_number": "*R squared* is 1 when all is right, and 0 when it is no better "
        "than the mean. *RMSE* is the root of the mean squared error and *MAE* the "
        "mean absolute error, in units of the column: smaller is better. The interval "
        "says how much the value would differ with other rows, by drawing the "
        "rows again 1,000 times. The last column is what is reached by always saying "
        "the mean of the rows that the network learnt from.",
        "accuracy": "accuracy",
        "balanced": "balanced accuracy",
        "log_loss": "log loss",
        "r2": "R squared",
        "rmse": "RMSE",
        "mae": "MAE",
        "wrong": "Where it is wrong",
        "true": "true class",
        "confusion_note": "A row for each true class; the columns say how often it was "
        "predicted as which.",
        "mistake_columns": "true class | predicted as | rows",
        "confusion": "confusion matrix",
        "errors": "True minus predicted: half of the rows lie between {low} and "
        "{high}, nine tenths between {lowest} and {highest}; the middle is {middle}.",
        "residuals": "true minus predicted, over what was predicted",
        "importance": "What it looks at",
        "importance_columns": "column | loss of score | deviation",
        "importance_note": "How much the {score} drops when the cells of the column "
        "are shuffled among {rows} rows, the mean and the standard deviation of ten "
        "shuffles. Near 0: the network does not need the "
        "column. Columns that say nearly the same share their importance.",
        "less_important": "{count} more columns are less important than these.",
        "more_columns": "{count} more columns are not shown.",
        "telling": "*Look at* {columns}: enough to tell {target}, almost. What is "
        "known only when {target} is known, too, or was made of it, makes the numbers "
        "above too good to be true; leave it out and train again.",
        "columns": "The columns",
        "column_columns": "column | kind | missing | in these rows",
        "number": "number",
        "category": "category",
        "date": "date",
        "ignore": "left out",
        "features": "A row becomes {features} numbers for the network: numbers are "
        "standardised, each category is a 1 or 0, and of a date there are the days and "
        "where it lies in year, week and day.",
        "network": "The network",
        "costs": "the cost over the epochs",
    },
    "zh": {
        "title": "关于 {target} 的报告",
        "about": "网络根据其他各列预测 {target}（{what}）。",
        "one_of": "{count} 个类别之一",
        "quantity": "一个数",
        "rows": "它从 {train} 行中学习，另用 {validation} 行决定何时停止。"
        "下面所有数字都取自它从未见过的另外 {judged} 行。",
        "elsewhere": "下面所有数字都取自为这份报告给出的 {judged} 行；"
        "只有它没有在这些行上训练过，这些数字才说明它有多好。",
        "good": "它有多好",
        "good_columns": "指标 | 数值 | 95 % 置信区间 | 不看各列时",
        "good_classes": "*准确率*（accuracy）是预测正确的行所占的比例。"
        "*平衡准确率*（balanced accuracy）是各类准确率的平均值，与每类有多少行无关。"
        "*对数损失*（log loss）是 -log(真实类别得到的概率) 的平均值，越小越好。"
        "*置信区间*（confidence interval）说明换一批行时数值会相差多少："
        "准确率用 Wilson 公式，其余把各行重新抽取 1,000 次求得。"
        "最后一列是总猜最常见的类别，或总按各类的比例猜时得到的数值。",
        "good_number": "*R²* 全对时为 1，不比平均值好时为 0。"
        "*均方根误差*（RMSE）是误差平方的平均值的平方根，"
        "*平均绝对误差*（MAE）是误差绝对值的平均值，单位与该列相同，越小越好。"
        "*置信区间*（confidence interval）说明换一批行时数值会相差多少，"
        "由重新抽取各行 1,000 次求得。最后一列是总猜学习所用各行的平均值时得到的数值。",
        "accuracy": "准确率",
        "balanced": "平衡准确率",
        "log_loss": "对数损失",
        "r2": "R²",
        "rmse": "RMSE",
        "mae": "MAE",
        "wrong": "错在哪里",
        "true": "真实类别",
        "confusion_note": "每个真实类别一行；各列是它被预测为各个类别的次数"
        "（混淆矩阵，confusion matrix）。",
        "mistake_columns": "真实类别 | 被预测为 | 行数",
        "confusion": "混淆矩阵",
        "errors": "真实值减预测值：一半的行在 {low} 与 {high} 之间，"
        "九成的行在 {lowest} 与 {highest} 之间，中位数是 {middle}。",
        "residuals": "真实值减预测值，横轴为预测值",
        "importance": "它看重什么",
        "importance_columns": "列 | 损失的分数 | 标准差",
        "importance_note": "把该列的值在 {rows} 行之间打乱后，"
        "{score}下降多少：十次打乱的平均值和标准差"
        "（*置换重要性*，permutation importance）。"
        "接近 0 表示网络不需要这一列。内容几乎相同的列会分摊重要性。",
        "less_important": "另有 {count} 列，都不如以上各列重要。",
        "more_columns": "另有 {count} 列没有列出。",
        "telling": "*请检查* {columns}：单凭这样一列几乎就能说出 {target}。"
        "如果这一列要到 {target} 已知时才知道，或者就是由 {target} 算出来的，"
        "上面的数字就好得不真实（*数据泄漏*，data leakage）；请去掉这一列再训练。",
        "columns": "各列",
        "column_columns": "列 | 种类 | 缺失 | 这些行中的内容",
        "number": "数",
        "category": "类别",
        "date": "日期",
        "ignore": "未使用",
        "features": "每一行变成网络的 {features} 个数：数经过标准化，"
        "每个类别是 1 或 0，日期变成天数以及它在一年、一周、一天中的位置。",
        "network": "网络",
        "costs": "各轮的代价",
    },
}


def sentences(lang: str) -> dict[str, str]:
    """Return the sentences of reports in a language ("en" or "zh")."""
    words(lang)
    return SENTENCES[lang]
