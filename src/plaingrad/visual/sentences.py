"""The words of reports on images, in English and Chinese."""

from __future__ import annotations

SENTENCES: dict[str, dict[str, str]] = {
    "en": {
        "things": "pictures",
        "counted": "pictures",
        "inputs": "pictures",
        "about": "The network tells which of {count} classes a picture shows. ",
        "mistakes": "The surest mistakes",
        "some": "Of {wrong} mistakes, these are the {shown} of which the network was "
        "surest. Look first whether the picture lies in the right folder.",
        "all": "These are all the mistakes, first those of which the network was "
        "surest. Look first whether the picture lies in the right folder.",
        "none": "There are none: every picture was predicted right.",
        "file_columns": "file | true class | predicted as | probability",
        "pictures": "The pictures",
        "class_columns": "class | pictures | predicted right",
        "crop": "The network sees {height} x {width} pixels, {colour}: a picture is "
        "made smaller or larger until it fills them, and what stands out on both sides "
        "is cut off. These are the pictures that it was judged by:",
        "pad": "The network sees {height} x {width} pixels, {colour}: a picture is "
        "made smaller or larger until it fits, and the rest is black. These are the "
        "pictures that it was judged by:",
        "stretch": "The network sees {height} x {width} pixels, {colour}: a picture is "
        "stretched to them. These are the pictures that it was judged by:",
        "grey": "grey",
        "rgb": "in colour",
    },
    "zh": {
        "things": "图片",
        "counted": "张图片",
        "inputs": "图片",
        "about": "网络判断一张图片属于 {count} 个类别中的哪一个。",
        "mistakes": "最有把握的错误",
        "some": "在 {wrong} 个错误中，这 {shown} 个是网络最有把握的。"
        "先看看图片是否放对了文件夹。",
        "all": "这是全部错误，网络最有把握的排在最前。先看看图片是否放对了文件夹。",
        "none": "没有错误：每张图片都预测正确。",
        "file_columns": "文件 | 真实类别 | 被预测为 | 概率",
        "pictures": "图片",
        "class_columns": "类别 | 图片数 | 预测正确",
        "crop": "网络看到的是 {height} x {width} 像素的{colour}图片："
        "图片放大或缩小到填满这个尺寸，两边多出的部分裁掉。评判所用的图片如下：",
        "pad": "网络看到的是 {height} x {width} 像素的{colour}图片："
        "图片放大或缩小到正好放得下，其余部分填黑。评判所用的图片如下：",
        "stretch": "网络看到的是 {height} x {width} 像素的{colour}图片："
        "图片拉伸到这个尺寸。评判所用的图片如下：",
        "grey": "灰度",
        "rgb": "彩色",
    },
}
