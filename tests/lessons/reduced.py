"""Settings with which the tests run long lessons, by the name of the lesson."""

REDUCED: dict[str, dict[str, object]] = {
    "beyond": {"IMAGES": 3000, "EPOCHS": 2},
    "convolution": {"HAND": 1, "EPOCHS": 1},
    "mnist_thousand": {
        "HAND": 11,
        "DROPOUT_HAND": 1,
        "EPOCHS": 11,
        "BATCH_EPOCHS": 11,
    },
}
