"""The words of reports on tables, in English and Chinese."""

from __future__ import annotations

SENTENCES: dict[str, dict[str, str]] = {
    "en": {
        "things": "rows",
        "counted": "rows",
        "inputs": "columns",
        "about": "The network predicts {target}, {what}, from the other columns. ",
        "one_of": "one of {count} classes",
        "quantity": "a number",
        "good_number": "*R squared* is 1 when all is right, and 0 when it is no better "
        "than the mean. *RMSE* is the root of the mean squared error and *MAE* the "
        "mean absolute error, in units of the column: smaller is better. The interval "
        "says how much the value would differ with other rows, by drawing the "
        "rows again 1,000 times. The last column is what is reached by always saying "
        "the mean of the rows that the network learnt from.",
        "r2": "R squared",
        "rmse": "RMSE",
        "mae": "MAE",
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
    },
    "zh": {
        "things": "行",
        "counted": "行",
        "inputs": "各列",
        "about": "网络根据其他各列预测 {target}（{what}）。",
        "one_of": "{count} 个类别之一",
        "quantity": "一个数",
        "good_number": "*R²* 全对时为 1，不比平均值好时为 0。"
        "*均方根误差*（RMSE）是误差平方的平均值的平方根，"
        "*平均绝对误差*（MAE）是误差绝对值的平均值，单位与该列相同，越小越好。"
        "*置信区间*（confidence interval）说明换一批行时数值会相差多少，"
        "由重新抽取各行 1,000 次求得。最后一列是总猜学习所用各行的平均值时得到的数值。",
        "r2": "R²",
        "rmse": "RMSE",
        "mae": "MAE",
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
    },
}
