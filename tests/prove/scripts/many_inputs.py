# lists of weights, one output, no error printed but the delta
def w_sum(a, b):
    assert len(a) == len(b)
    output = 0
    for i in range(len(a)):
        output += a[i] * b[i]
    return output


def ele_mul(number, vector):
    output = [0, 0, 0]
    for i in range(len(vector)):
        output[i] = number * vector[i]
    return output


weights = [0.1, 0.2, -0.1]
alpha = 0.01
input = [8.5, 0.65, 1.2]
true = 1
for n in range(3):
    pred = w_sum(input, weights)
    delta = pred - true
    weight_deltas = ele_mul(delta, input)
    print("pred", pred)
    for i in range(len(weights)):
        weights[i] -= alpha * weight_deltas[i]
