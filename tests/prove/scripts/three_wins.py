# plain lists: three inputs, three outputs, one example
def w_sum(a, b):
    total = 0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


def vect_mat_mul(vector, matrix):
    output = [0, 0, 0]
    for i in range(len(vector)):
        output[i] = w_sum(vector, matrix[i])
    return output


def outer_prod(a, b):
    out = [[0.0 for _ in b] for _ in a]
    for i in range(len(a)):
        for j in range(len(b)):
            out[i][j] = a[i] * b[j]
    return out


def neural_network(input, weights):
    return vect_mat_mul(input, weights)


weights = [[0.1, 0.1, -0.3], [0.1, 0.2, 0.0], [0.0, 1.3, 0.1]]
toes, wlrec, nfans = [8.5, 9.5, 9.9, 9.0], [0.65, 0.8, 0.8, 0.9], [1.2, 1.3, 0.5, 1.0]
hurt, win, sad = [0.1, 0.0, 0.0, 0.1], [1, 1, 0, 1], [0.1, 0.0, 0.1, 0.2]
alpha = 0.01
input = [toes[0], wlrec[0], nfans[0]]
true = [hurt[0], win[0], sad[0]]
for step in range(50):
    pred = neural_network(input, weights)
    error = [0, 0, 0]
    delta = [0, 0, 0]
    for i in range(len(true)):
        error[i] = (pred[i] - true[i]) ** 2
        delta[i] = pred[i] - true[i]
    weight_deltas = outer_prod(delta, input)
    for i in range(len(weights)):
        for j in range(len(weights[0])):
            weights[i][j] -= alpha * weight_deltas[i][j]
    print("Error:" + str(error))
