"""Wrong backward lines for the step page: mistakes of the catalogue (tests/mistakes.py) and of the bug museum.

    "dense_backward", "bias averaged" -> "grad_b[j] = mean(n, grad_y[n,j])"      in the sheet's own names and language

``right`` is the right formula of the same gradient. A line may read every argument of forward and backward, and the
intermediate quantities of the right lines. `breaking.py` puts a mistake into a recorded step; what the checker says
about each one is recorded in ``mistakes_said.json`` by docs/make_mistakes.py; the Korean names are in
``mistakes.ko.json``. Mistakes that change a shape, an argument or a dtype have no formula, and aren't here.
"""

from __future__ import annotations

Lines = tuple[str, ...]

CDF = "0.5 * (1 + erf(a[n,j] / sqrt(2)))"
DENSITY = "exp(-a[n,j]**2 / 2) / sqrt(2 * pi)"
INNER = "sqrt(2 / pi) * (a[n,j] + 0.044715 * a[n,j]**3)"
RISE = "sqrt(2 / pi) * (1 + 3 * 0.044715 * a[n,j]**2)"
SLOPES = {  # of the activations at their inputs
    "sigmoid": "1 / (1 + exp(-a[n,j])) / (1 + exp(a[n,j]))",
    "tanh": "(1 - tanh(a[n,j])**2)",
    "ReLU": "(1 if a[n,j] > 0 else 0)",
    "GELU": f"({CDF} + a[n,j] * {DENSITY})",
    "tanh-GELU": f"(0.5 * (1 + tanh({INNER})) + 0.5 * a[n,j] * (1 - tanh({INNER})**2) * {RISE})",
}
ROWS = "size(n, grad_y[n,0])"  # of several samples there are more than N
KEPT = "sum(i, 1 if {more} or {equal} and i < j else 0) < k"  # whether an entry is among the k largest of its row


def _activation(own: str) -> dict[str, Lines]:
    slope = SLOPES[own]
    others: dict[str, Lines] = {
        f"derivative of {other}": (f"grad_a[n,j] = grad_y[n,j] * {SLOPES[other]}",) for other in SLOPES if other != own
    }
    twice: dict[str, Lines] = {} if own == "ReLU" else {"derivative twice": (f"grad_a[n,j] = right[n,j] * {slope}",)}
    return {
        "derivative missing": ("grad_a[n,j] = grad_y[n,j]",),
        "museum: upstream left out": (f"grad_a[n,j] = {slope}",),
        "upstream squared": ("grad_a[n,j] = right[n,j] * grad_y[n,j]",),
        "sign": ("grad_a[n,j] = -right[n,j]",),
        "averaged": (f"grad_a[n,j] = right[n,j] / {ROWS}",),
    } | twice | others


def _kept(more: str, equal: str) -> Lines:
    return (f"grad_a[n,j] = grad_y[n,j] if {KEPT.format(more=more, equal=equal)} else 0",)


LINEAR: dict[str, Lines] = {
    "W averaged": (f"grad_W[i,j] = right[i,j] / {ROWS}",),
    "W divided by N − 1": (f"grad_W[i,j] = right[i,j] / ({ROWS} - 1)",),
    "W divided by N D": (f"grad_W[i,j] = right[i,j] / {ROWS} / size(i, W[i,0])",),
    "W from the first example": ("grad_W[i,j] = x[0,i] * grad_y[0,j]",),
    "W from the last example": (f"grad_W[i,j] = x[{ROWS} - 1,i] * grad_y[{ROWS} - 1,j]",),
    "W without the last example": (f"grad_W[i,j] = right[i,j] - x[{ROWS} - 1,i] * grad_y[{ROWS} - 1,j]",),
    "W with decay": ("grad_W[i,j] = right[i,j] + 0.01 * W[i,j]",),
    "W with decay of the wrong sign": ("grad_W[i,j] = right[i,j] - 0.5 * W[i,j]",),
    "W with decay averaged": (f"grad_W[i,j] = right[i,j] + W[i,j] / {ROWS}",),
    "W without the upstream": ("grad_W[i,j] = sum(n, x[n,i] + 0 * grad_y[n,j])",),
    "W from the upstream's signs": ("grad_W[i,j] = sum(n, x[n,i] * sign(grad_y[n,j]))",),
    "W from x squared": ("grad_W[i,j] = sum(n, x[n,i]**2 * grad_y[n,j])",),
    "W from |x|": ("grad_W[i,j] = sum(n, abs(x[n,i]) * grad_y[n,j])",),
    "W clipped": ("grad_W[i,j] = max(-0.4, min(0.4, right[i,j]))",),
    "W from the means": ("grad_W[i,j] = mean(n, x[n,i]) * sum(n, grad_y[n,j])",),
    "x negative": ("grad_x[n,i] = -right[n,i]",),
    "x averaged": (f"grad_x[n,i] = right[n,i] / {ROWS}",),
    "x divided by H": ("grad_x[n,i] = right[n,i] / size(j, W[0,j])",),
    "x with its rows reversed": (f"grad_x[n,i] = sum(j, grad_y[{ROWS} - 1 - n,j] * W[i,j])",),
    "x with its rows shifted": (f"grad_x[n,i] = sum(j, grad_y[n - 1 if n > 0 else {ROWS} - 1,j] * W[i,j])",),
    "x zero": ("grad_x[n,i] = 0",),
    "x without the upstream": ("grad_x[n,i] = sum(j, W[i,j])",),
    "x times the input": ("grad_x[n,i] = right[n,i] * x[n,i]",),
    "x plus the input": ("grad_x[n,i] = right[n,i] + x[n,i]",),
    "museum: a backward that learns": (
        "grad_x[n,i] = sum(j, grad_y[n,j] * (W[i,j] - 0.1 * sum(m, x[m,i] * grad_y[m,j])))",
    ),
}

MISTAKES: dict[str, dict[str, Lines]] = {
    "dense_backward": LINEAR | {
        "museum: biases averaged": ("grad_b[j] = mean(n, grad_y[n,j])",),
        "b times 4": ("grad_b[j] = 4 * right[j]",),
        "b without the last example": (f"grad_b[j] = right[j] - grad_y[{ROWS} - 1,j]",),
        "b from the last example": (f"grad_b[j] = grad_y[{ROWS} - 1,j]",),
        "b summed over everything": ("grad_b[j] = sum(n, sum(k, grad_y[n,k]))",),
    },
    "linear_backward": LINEAR,
    "unit_rows_backward": {
        "projection missing": ("grad_V[i,j] = grad_W[i,j] / norm[i]",),
        "norm missing": ("grad_V[i,j] = right[i,j] * norm[i]",),
        "norm squared": ("grad_V[i,j] = right[i,j] / norm[i]",),
    },
    "relu_backward": _activation("ReLU") | {
        "mask from the upstream": ("grad_a[n,j] = grad_y[n,j] if grad_y[n,j] > 0 else 0",),
        "mask from both": ("grad_a[n,j] = grad_y[n,j] if grad_y[n,j] > 0 and a[n,j] > 0 else 0",),
        "mask turned round": ("grad_a[n,j] = 0 if a[n,j] > 0 else grad_y[n,j]",),
        "value for the mask": ("grad_a[n,j] = grad_y[n,j] * max(a[n,j], 0)",),
    },
    "leaky_relu_backward": {
        "ReLU's derivative": ("grad_a[n,j] = grad_y[n,j] if a[n,j] > 0 else 0",),
        "derivative twice": ("grad_a[n,j] = grad_y[n,j] if a[n,j] > 0 else alpha**2 * grad_y[n,j]",),
        "derivative missing": ("grad_a[n,j] = grad_y[n,j]",),
        "alpha everywhere": ("grad_a[n,j] = alpha * grad_y[n,j]",),
        "museum: upstream left out": ("grad_a[n,j] = 1 if a[n,j] > 0 else alpha",),
        "alpha's sign": ("grad_a[n,j] = grad_y[n,j] if a[n,j] > 0 else -alpha * grad_y[n,j]",),
        "alpha on the wrong side": ("grad_a[n,j] = alpha * grad_y[n,j] if a[n,j] > 0 else grad_y[n,j]",),
    },
    "sigmoid_backward": _activation("sigmoid") | {
        "derivative at the output": ("grad_a[n,j] = grad_y[n,j] / (1 + exp(-y[n,j])) / (1 + exp(y[n,j]))",),
        "output form at the input": ("grad_a[n,j] = grad_y[n,j] * a[n,j] * (1 - a[n,j])",),
        "1 − y missing": ("grad_a[n,j] = grad_y[n,j] * y[n,j]",),
        "y missing": ("grad_a[n,j] = grad_y[n,j] * (1 - y[n,j])",),
    },
    "tanh_backward": _activation("tanh") | {
        "derivative at the output": ("grad_a[n,j] = grad_y[n,j] * (1 - tanh(y[n,j])**2)",),
        "output form at the input": ("grad_a[n,j] = grad_y[n,j] * (1 - a[n,j]**2)",),
        "1 − y": ("grad_a[n,j] = grad_y[n,j] * (1 - y[n,j])",),
    },
    "gelu_backward": _activation("GELU") | {
        "density missing": (f"grad_a[n,j] = grad_y[n,j] * {CDF}",),
        "first factor missing": (f"grad_a[n,j] = grad_y[n,j] * a[n,j] * {DENSITY}",),
        "derivative at the output": (
            f"grad_a[n,j] = grad_y[n,j] * {SLOPES['GELU'].replace('a[n,j]', f'(a[n,j] * {CDF})')}",
        ),
    },
    "gelu_tanh_backward": {
        name.replace("derivative of GELU", "museum: derivative of another function"): lines
        for name, lines in _activation("tanh-GELU").items()
    },
    "sigmoid_slope_backward": {
        "1 − 2y missing": ("grad_a[n,j] = grad_slope[n,j] * y[n,j] * (1 - y[n,j])",),
    },
    "tanh_slope_backward": {
        "2 missing": ("grad_a[n,j] = right[n,j] / 2",),
        "sign": ("grad_a[n,j] = -right[n,j]",),
    },
    "gelu_slope_backward": {
        "2 − a² missing": (f"grad_a[n,j] = grad_slope[n,j] * {DENSITY}",),
        "derivative of tanh-GELU": (
            f"grad_a[n,j] = grad_slope[n,j] * (1 - tanh({INNER})**2) * ({RISE} + 0.5 * a[n,j] * "
            f"(sqrt(2 / pi) * 6 * 0.044715 * a[n,j] - 2 * tanh({INNER}) * ({RISE})**2))",
        ),
    },
    "top_k_backward": {
        "mask missing": ("grad_a[n,j] = grad_y[n,j]",),
        "mask of sizes": _kept("abs(a[n,i]) > abs(a[n,j])", "abs(a[n,i]) == abs(a[n,j])"),
        "mask of the smallest": _kept("a[n,i] < a[n,j]", "a[n,i] == a[n,j]"),
        "mask of the upstream": _kept("grad_y[n,i] > grad_y[n,j]", "grad_y[n,i] == grad_y[n,j]"),
        "mask by column": (
            "grad_a[n,j] = grad_y[n,j] if sum(m, 1 if a[m,j] > a[n,j] or a[m,j] == a[n,j] and m < n else 0) < k else 0",
        ),
    },
    "threshold_backward": {
        "museum: the gradient of theta, given to its logarithm": ("grad_log_theta[j] = grad_theta[j]",),
    },
    "l0_sparsity_backward": {
        "museum: the threshold applied twice": (
            "grad_theta[j] = -sum(n, 1 if abs((a[n,j] if a[n,j] > theta[j] else 0) - theta[j]) < bandwidth / 2 else 0)"
            " / bandwidth / N",
        ),
        "museum: a kernel of area two": ("grad_theta[j] = 2 * right[j]",),
    },
    "jump_relu_backward": {
        "museum: a kernel of area two": ("grad_theta[j] = 2 * right[j]",),
        "step's derivative missing": ("grad_theta[j] = 0",),
        "theta missing": ("grad_theta[j] = -sum(n, grad_h[n,j] * near[n,j]) / bandwidth",),
        "gate missing": ("grad_a[n,j] = grad_h[n,j]",),
    },
    "batch_norm_backward": {
        "statistics held constant": ("grad_x[n,j] = gamma[j] / deviation[j] * grad_y[n,j]",),
        "deviation held constant": ("grad_x[n,j] = gamma[j] / deviation[j] * (grad_y[n,j] - mean_grad_y[j])",),
        "gamma missing": ("grad_x[n,j] = right[n,j] / gamma[j]",),
    },
    "dropout_backward": {
        "museum: a mask that is forgotten on the way back": ("grad_x[n,j] = grad_y[n,j] / (1 - p)",),
        "scale missing": ("grad_x[n,j] = mask[n,j] * grad_y[n,j]",),
    },
    "reparameterize_backward": {
        "½ missing": ("grad_log_var[n,j] = 2 * right[n,j]",),
        "ε missing": ("grad_log_var[n,j] = grad_z[n,j] * 0.5 * sigma[n,j]",),
        "σ missing": ("grad_log_var[n,j] = grad_z[n,j] * 0.5 * eps[n,j]",),
        "σ² for σ": ("grad_log_var[n,j] = right[n,j] * sigma[n,j]",),
        "path to log σ² missing": ("grad_log_var[n,j] = 0",),
        "path to μ missing": ("grad_mu[n,j] = 0",),
        "exchanged": ("grad_mu[n,j] = grad_z[n,j] * 0.5 * sigma[n,j] * eps[n,j]", "grad_log_var[n,j] = grad_z[n,j]"),
        "μ times σ": ("grad_mu[n,j] = grad_z[n,j] * sigma[n,j]",),
        "upstream missing": ("grad_mu[n,j] = 1", "grad_log_var[n,j] = 0.5 * sigma[n,j] * eps[n,j]"),
    },
    "straight_through_backward": {
        "stopped": ("grad_h[n,j] = 0",),
        "sign": ("grad_h[n,j] = -grad_z[n,j]",),
    },
    "quantization_error_backward": {
        "2 missing": ("grad_h[n,j] = (h[n,j] - q[n,j]) / N", "grad_q[n,j] = (q[n,j] - h[n,j]) / N"),
        "turned round": ("grad_h[n,j] = 2 * (q[n,j] - h[n,j]) / N", "grad_q[n,j] = 2 * (h[n,j] - q[n,j]) / N"),
    },
    "codebook_entries_backward": {
        "averaged": ("grad_E[k,w] = right[k,w] / size(n, grad_q[n,0])",),
    },
    "gradient_reversal_backward": {
        "museum: a reversal that doesn't reverse": ("grad_h[n,j] = grad_y[n,j]",),
    },
    "squared_error_backward": {
        "museum: a loss and a gradient that disagree about the batch": ("grad_x_hat[n,i] = x_hat[n,i] - x[n,i]",),
        "mean over everything": ("grad_x_hat[n,i] = right[n,i] / size(i, x[0,i])",),
        "½ forgotten": ("grad_x_hat[n,i] = 2 * right[n,i]",),
        "turned round": ("grad_x_hat[n,i] = -right[n,i]",),
        "target missing": ("grad_x_hat[n,i] = x_hat[n,i] / N",),
        "sign of the difference": ("grad_x_hat[n,i] = sign(x_hat[n,i] - x[n,i]) / N",),
        "sum for difference": ("grad_x_hat[n,i] = (x_hat[n,i] + x[n,i]) / N",),
        "squared": ("grad_x_hat[n,i] = (x_hat[n,i] - x[n,i])**2 / N",),
        "D and N exchanged": ("grad_x_hat[n,i] = (x_hat[n,i] - x[n,i]) / size(i, x[0,i])",),
        "N − 1": ("grad_x_hat[n,i] = (x_hat[n,i] - x[n,i]) / (N - 1)",),
    },
    "binary_cross_entropy_backward": {
        "sigmoid missing": ("grad_logits[n,i] = (logits[n,i] - x[n,i]) / N",),
        "tanh for sigmoid": ("grad_logits[n,i] = (tanh(logits[n,i]) - x[n,i]) / N",),
        "derivative again": ("grad_logits[n,i] = right[n,i] * p[n,i] * (1 - p[n,i])",),
        "mean missing": ("grad_logits[n,i] = p[n,i] - x[n,i]",),
        "target missing": ("grad_logits[n,i] = p[n,i] / N",),
    },
    "softmax_cross_entropy_backward": {
        "one-hot missing": ("grad_logits[n,c] = p[n,c] / N",),
        "mean missing": ("grad_logits[n,c] = N * right[n,c]",),
        "softmax over columns": (
            "grad_logits[n,c] = (exp(logits[n,c]) / sum(m, exp(logits[m,c])) - (1 if c == labels[n] else 0)) / N",
        ),
        "sigmoid for softmax": (
            "grad_logits[n,c] = (1 / (1 + exp(-logits[n,c])) - (1 if c == labels[n] else 0)) / N",
        ),
        "turned round": ("grad_logits[n,c] = -right[n,c]",),
        "one-hot twice": ("grad_logits[n,c] = (p[n,c] - 2 * (1 if c == labels[n] else 0)) / N",),
    },
    "kl_sparsity_backward": {
        "1/N missing": ("grad_h[n,j] = N * right[n,j]",),
        "per example": ("grad_h[n,j] = (-rho / h[n,j] + (1 - rho) / (1 - h[n,j])) / N",),
        "per example, 1/N missing": ("grad_h[n,j] = -rho / h[n,j] + (1 - rho) / (1 - h[n,j])",),
        "turned round": ("grad_h[n,j] = -right[n,j]",),
        "first term alone": ("grad_h[n,j] = -rho / rho_hat[j] / N",),
        "second term alone": ("grad_h[n,j] = (1 - rho) / (1 - rho_hat[j]) / N",),
        "sign of the first term": ("grad_h[n,j] = (rho / rho_hat[j] + (1 - rho) / (1 - rho_hat[j])) / N",),
        "times h (1 − h)": ("grad_h[n,j] = right[n,j] * h[n,j] * (1 - h[n,j])",),
    },
    "l1_sparsity_backward": {
        "1/N missing": ("grad_h[n,j] = sign(h[n,j])",),
        "values, not signs": ("grad_h[n,j] = h[n,j] / N",),
        "ones, not signs": ("grad_h[n,j] = 1 / N",),
        "over everything": ("grad_h[n,j] = right[n,j] / size(j, h[0,j])",),
    },
    "contraction_backward": {
        "2 missing": ("grad_slope[n,j] = right[n,j] / 2",),
        "W not squared": ("grad_slope[n,j] = 2 * slope[n,j] * sum(i, W[i,j]) / N",),
        "mean missing": ("grad_W[i,j] = 2 * W[i,j] * sum(n, slope[n,j]**2)",),
        "mean, then squared": ("grad_W[i,j] = 2 * W[i,j] * mean(n, slope[n,j])**2",),
        "slope not squared": ("grad_W[i,j] = 2 * W[i,j] * mean(n, slope[n,j])",),
        "slope missing": ("grad_W[i,j] = 2 * W[i,j]",),
        "2W missing": ("grad_W[i,j] = mean(n, slope[n,j]**2)",),
        "museum: weights treated as constants": ("grad_W[i,j] = 0",),
    },
    "gaussian_kl_backward": {
        "½ missing": ("grad_log_var[n,j] = 2 * right[n,j]",),
        "−1 missing": ("grad_log_var[n,j] = 0.5 * exp(log_var[n,j]) / N",),
        "+1 for −1": ("grad_log_var[n,j] = 0.5 * (exp(log_var[n,j]) + 1) / N",),
        "σ for σ²": ("grad_log_var[n,j] = 0.5 * (exp(0.5 * log_var[n,j]) - 1) / N",),
        "museum: a divergence that is pushed up": ("grad_mu[n,j] = -right[n,j]", "grad_log_var[n,j] = -right[n,j]"),
        "museum: a divergence weighted": ("grad_log_var[n,j] = right[n,j] * exp(0.5 * log_var[n,j])",),
        "2 μ": ("grad_mu[n,j] = 2 * right[n,j]",),
        "exchanged": ("grad_mu[n,j] = 0.5 * (exp(log_var[n,j]) - 1) / N", "grad_log_var[n,j] = mu[n,j] / N"),
        "offset": ("grad_log_var[n,j] = right[n,j] + 0.25 / N",),
    },
    "weight_decay_backward": {
        "2 W": ("grad_W[i,j] = 2 * W[i,j]",),
        "W²": ("grad_W[i,j] = W[i,j]**2",),
        "sign of W": ("grad_W[i,j] = sign(W[i,j])",),
        "averaged": ("grad_W[i,j] = W[i,j] / size(i, W[i,0])",),
    },
    "importance_bound_backward": {
        "museum: the mean of the logarithms": ("grad_log_p[n,k] = -1 / size(k, log_w[0,k]) / N",),
        "museum: weights that learn": (
            "grad_log_p[n,k] = right[n,k] * (1 + log_w[n,k] - sum(l, share[n,l] * log_w[n,l]))",
        ),
        "1/N missing": ("grad_log_p[n,k] = N * right[n,k]",),
    },
    "mmd_backward": {
        "turned round": ("grad_h[n,j] = -right[n,j]",),
        "1/N missing": ("grad_h[n,j] = N * right[n,j]",),
    },
    "discrimination_backward": {
        "labels exchanged": (
            "grad_logits[m,j] = (1 / (1 + exp(-logits[m,j])) - (0 if m < rows / 2 else 1)) / rows",
        ),
        "mean missing": ("grad_logits[m,j] = rows * right[m,j]",),
    },
}  # fmt: skip

# Mistakes that change several parts at once, by part and function.
OF_MODELS: dict[str, dict[tuple[str, str], Lines]] = {
    "museum: beta at the other term": {
        ("codebook_loss", "quantization_error_backward"): ("grad_q[n,j] = beta * right[n,j]",),
        ("commitment", "quantization_error_backward"): ("grad_h[n,j] = right[n,j] / beta",),
    },
    "museum: straight through too soon": {
        ("straight_through", "straight_through_backward"): (
            "grad_h[n,j] = grad_z[n,j] + 2 * (q[n,j] - h[n,j]) / N",
        ),
        ("codebook", "codebook_entries_backward"): ("grad_E[k,w] = 0",),
    },
}  # fmt: skip
