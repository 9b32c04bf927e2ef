"""The book's algorithm, sample by sample, in NumPy: what every way to train is compared with."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def book_cost(a, y, cost="quadratic"):
    """C_x of one example (outputs,), or the sum of several (B, outputs): equation 6 or 63."""
    if cost == "quadratic":
        return np.linalg.norm(y - a) ** 2 / 2
    assert cost == "cross_entropy"
    return np.sum(np.nan_to_num(-y * np.log(a) - (1 - y) * np.log(1 - a)))


def book_step(weights, biases, x, y, lr, cost="quadratic", l2=0.0, n=1):
    """One mini-batch of the book's stochastic gradient descent, in place: chapter 2, "The backpropagation algorithm".

    weights[l] (outputs, inputs), biases[l] (outputs,), x (B, inputs), y (B, outputs), all NumPy float64. Chapter 3 has
    the cross-entropy (equation 66), and L2 of lambda `l2` with `n` training images (equation 93).
    """
    nabla_w, nabla_b = [np.zeros_like(w) for w in weights], [np.zeros_like(b) for b in biases]
    for sample, desired in zip(x, y, strict=True):
        a, z = [sample], []
        for w, b in zip(weights, biases, strict=True):
            z.append(np.dot(w, a[-1]) + b)
            a.append(sigmoid(z[-1]))
        prime = [sigmoid(v) * (1 - sigmoid(v)) for v in z]
        delta = a[-1] - desired
        if cost == "quadratic":
            delta = delta * prime[-1]  # BP1
        else:
            assert cost == "cross_entropy"
        for layer in reversed(range(len(weights))):
            nabla_b[layer] += delta  # BP3
            nabla_w[layer] += np.outer(delta, a[layer])  # BP4
            if layer:
                delta = np.dot(weights[layer].T, delta) * prime[layer - 1]  # BP2
    for layer in range(len(weights)):
        weights[layer] = (1 - lr * l2 / n) * weights[layer] - lr / len(x) * nabla_w[layer]
        biases[layer] -= lr / len(x) * nabla_b[layer]
