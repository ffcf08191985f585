"""The formulas of the sheet once more, entry by entry, in the language of `aescratch.tracing.language`.

A recording says which function of `aescratch.functions` was called with what; these lines say what it does to every
single number, under the function's own names. Each is compared with what the function returned whenever a step is
recorded. Lines before the last ones name quantities on the way, such as rho_hat, which the pages show on their own.
"""

from __future__ import annotations

GELU_SLOPE = "0.5 * (1 + erf(a[n,j] / sqrt(2))) + a[n,j] * exp(-a[n,j]**2 / 2) / sqrt(2 * pi)"
U = "u[n,j] = sqrt(2 / pi) * (a[n,j] + 0.044715 * a[n,j]**3)"
T = "t[n,j] = tanh(u[n,j])"
U_SLOPE = "u_slope[n,j] = sqrt(2 / pi) * (1 + 3 * 0.044715 * a[n,j]**2)"
GELU_TANH_SLOPE = "(0.5 * (1 + t[n,j]) + 0.5 * a[n,j] * (1 - t[n,j]**2) * u_slope[n,j])"
Y_OF_A = "y[n,j] = 1 / (1 + exp(-a[n,j]))"
MASK = "mask[n,j] = 1 if sum(i, 1 if a[n,i] > a[n,j] or a[n,i] == a[n,j] and i < j else 0) < k else 0"
SIGMA = "sigma[n,j] = exp(0.5 * log_var[n,j])"
RHO_HAT = "rho_hat[j] = mean(n, h[n,j])"
TOP = "top[n] = max(c, logits[n,c])"
NORM = "norm[i] = sqrt(sum(j, V[i,j]**2))"
MOVING = "rho_hat[j] = (1 - momentum) * running[j] + momentum * mean(n, h[n,j])"
MEAN = "mean[j] = mean(n, x[n,j])"
DEVIATION = "deviation[j] = sqrt(mean(n, (x[n,j] - mean[j])**2) + epsilon)"
X_NORM = "(x[n,j] - mean[j]) / deviation[j]"
MEAN_GRAD_Y = "mean_grad_y[j] = mean(n, grad_y[n,j])"
MEAN_ALONG = f"mean_along[j] = mean(n, grad_y[n,j] * {X_NORM})"
COLUMN = "column[j] = sum(i, W[i,j]**2)"

FORMULAS: dict[str, tuple[str, ...]] = {
    "dense": ("y[n,j] = sum(i, x[n,i] * W[i,j]) + b[j]",),
    "dense_backward": (
        "grad_x[n,i] = sum(j, grad_y[n,j] * W[i,j])",
        "grad_W[i,j] = sum(n, x[n,i] * grad_y[n,j])",
        "grad_b[j] = sum(n, grad_y[n,j])",
    ),
    "unit_rows": (NORM, "W[i,j] = V[i,j] / norm[i]"),
    "unit_rows_backward": (
        NORM,
        "along[i] = sum(j, grad_W[i,j] * V[i,j] / norm[i])",
        "grad_V[i,j] = (grad_W[i,j] - along[i] * V[i,j] / norm[i]) / norm[i]",
    ),
    "identity": ("y[n,j] = a[n,j]",),
    "identity_backward": ("grad_a[n,j] = grad_y[n,j]",),
    "identity_slope": ("slope[n,j] = 1",),
    "identity_slope_backward": ("grad_a[n,j] = 0",),
    "relu": ("y[n,j] = max(a[n,j], 0)",),
    "relu_backward": ("grad_a[n,j] = grad_y[n,j] if a[n,j] > 0 else 0",),
    "relu_slope": ("slope[n,j] = 1 if a[n,j] > 0 else 0",),
    "relu_slope_backward": ("grad_a[n,j] = 0",),
    "leaky_relu": ("y[n,j] = a[n,j] if a[n,j] > 0 else alpha * a[n,j]",),
    "leaky_relu_backward": ("grad_a[n,j] = grad_y[n,j] if a[n,j] > 0 else alpha * grad_y[n,j]",),
    "leaky_relu_slope": ("slope[n,j] = 1 if a[n,j] > 0 else alpha",),
    "leaky_relu_slope_backward": ("grad_a[n,j] = 0",),
    "sigmoid": (Y_OF_A,),
    "sigmoid_backward": ("grad_a[n,j] = grad_y[n,j] * y[n,j] * (1 - y[n,j])",),
    "sigmoid_slope": (Y_OF_A, "slope[n,j] = y[n,j] * (1 - y[n,j])"),
    "sigmoid_slope_backward": (
        Y_OF_A, "grad_a[n,j] = grad_slope[n,j] * y[n,j] * (1 - y[n,j]) * (1 - 2 * y[n,j])",
    ),
    "tanh": ("y[n,j] = tanh(a[n,j])",),
    "tanh_backward": ("grad_a[n,j] = grad_y[n,j] * (1 - y[n,j]**2)",),
    "tanh_slope": ("y[n,j] = tanh(a[n,j])", "slope[n,j] = 1 - y[n,j]**2"),
    "tanh_slope_backward": (
        "y[n,j] = tanh(a[n,j])", "grad_a[n,j] = -2 * grad_slope[n,j] * y[n,j] * (1 - y[n,j]**2)",
    ),
    "gelu": ("y[n,j] = a[n,j] * 0.5 * (1 + erf(a[n,j] / sqrt(2)))",),
    "gelu_backward": (f"grad_a[n,j] = grad_y[n,j] * ({GELU_SLOPE})",),
    "gelu_slope": (f"slope[n,j] = {GELU_SLOPE}",),
    "gelu_and_slope": ("y[n,j] = a[n,j] * 0.5 * (1 + erf(a[n,j] / sqrt(2)))", f"slope[n,j] = {GELU_SLOPE}"),
    "gelu_slope_backward": (
        "grad_a[n,j] = grad_slope[n,j] * exp(-a[n,j]**2 / 2) / sqrt(2 * pi) * (2 - a[n,j]**2)",
    ),
    "gelu_tanh": (U, T, "y[n,j] = 0.5 * a[n,j] * (1 + t[n,j])"),
    "gelu_tanh_backward": (U, T, U_SLOPE, f"grad_a[n,j] = grad_y[n,j] * {GELU_TANH_SLOPE}"),
    "gelu_tanh_slope": (U, T, U_SLOPE, f"slope[n,j] = {GELU_TANH_SLOPE}"),
    "gelu_tanh_slope_backward": (
        U, T, U_SLOPE,
        "u_curvature[n,j] = sqrt(2 / pi) * 6 * 0.044715 * a[n,j]",
        "grad_a[n,j] = grad_slope[n,j] * (1 - t[n,j]**2)"
        " * (u_slope[n,j] + 0.5 * a[n,j] * (u_curvature[n,j] - 2 * t[n,j] * u_slope[n,j]**2))",
    ),
    "top_k": (MASK, "y[n,j] = a[n,j] if mask[n,j] > 0 else 0"),
    "top_k_backward": (MASK, "grad_a[n,j] = grad_y[n,j] if mask[n,j] > 0 else 0"),
    "top_k_mask": (MASK,),
    "corrupt": ("x_tilde[n,i] = keep[n,i] * x[n,i] + noise[n,i]",),
    "corrupt_backward": ("grad_x[n,i] = keep[n,i] * grad_x_tilde[n,i]",),
    "reparameterize": (SIGMA, "z[n,j] = mu[n,j] + sigma[n,j] * eps[n,j]"),
    "reparameterize_backward": (
        SIGMA, "grad_mu[n,j] = grad_z[n,j]", "grad_log_var[n,j] = grad_z[n,j] * 0.5 * sigma[n,j] * eps[n,j]",
    ),
    "dropout": ("y[n,j] = mask[n,j] * x[n,j] / (1 - p)",),
    "dropout_backward": ("grad_x[n,j] = mask[n,j] * grad_y[n,j] / (1 - p)",),
    "batch_statistics": (MEAN, "variance[j] = mean(n, (x[n,j] - mean(m, x[m,j]))**2)"),
    "batch_norm": (MEAN, DEVIATION, f"y[n,j] = gamma[j] * {X_NORM} + beta[j]"),
    "batch_norm_backward": (
        MEAN, DEVIATION, MEAN_GRAD_Y, MEAN_ALONG,
        f"grad_x[n,j] = gamma[j] / deviation[j] * (grad_y[n,j] - mean_grad_y[j] - {X_NORM} * mean_along[j])",
        f"grad_gamma[j] = sum(n, grad_y[n,j] * {X_NORM})",
        "grad_beta[j] = sum(n, grad_y[n,j])",
    ),
    "running_norm": ("y[n,j] = gamma[j] * (x[n,j] - mean[j]) / sqrt(variance[j] + epsilon) + beta[j]",),
    "running_norm_backward": (
        "grad_x[n,j] = gamma[j] / sqrt(variance[j] + epsilon) * grad_y[n,j]",
        "grad_gamma[j] = sum(n, grad_y[n,j] * (x[n,j] - mean[j]) / sqrt(variance[j] + epsilon))",
        "grad_beta[j] = sum(n, grad_y[n,j])",
    ),
    "squared_error": ("loss = mean(n, 0.5 * sum(i, (x_hat[n,i] - x[n,i])**2))",),
    "squared_error_backward": ("grad_x_hat[n,i] = (x_hat[n,i] - x[n,i]) / N",),
    "binary_cross_entropy": (
        "loss = mean(n, sum(i, max(logits[n,i], 0) - logits[n,i] * x[n,i] + log1p(exp(-abs(logits[n,i])))))",
    ),
    "binary_cross_entropy_backward": (
        "p[n,i] = 1 / (1 + exp(-logits[n,i]))", "grad_logits[n,i] = (p[n,i] - x[n,i]) / N",
    ),
    "softmax_cross_entropy": (
        TOP,
        "loss = mean(n, log(sum(c, exp(logits[n,c] - top[n]))) - (logits[n,labels[n]] - top[n]))",
    ),
    "softmax_cross_entropy_backward": (
        TOP,
        "p[n,c] = exp(logits[n,c] - top[n]) / sum(k, exp(logits[n,k] - top[n]))",
        "grad_logits[n,c] = (p[n,c] - (1 if c == labels[n] else 0)) / N",
    ),
    "softmax": (TOP, "p[n,c] = exp(logits[n,c] - top[n]) / sum(k, exp(logits[n,k] - top[n]))"),
    "kl_sparsity": (
        RHO_HAT,
        "kl = sum(j, rho * log(rho / rho_hat[j]) + (1 - rho) * log((1 - rho) / (1 - rho_hat[j])))",
    ),
    "kl_sparsity_backward": (
        RHO_HAT, "grad_h[n,j] = (-rho / rho_hat[j] + (1 - rho) / (1 - rho_hat[j])) / N",
    ),
    "moving_average": ("average[j] = (1 - momentum) * running[j] + momentum * mean[j]",),
    "moving_activity": (MOVING,),
    "moving_kl_sparsity": (
        MOVING,
        "kl = sum(j, rho * log(rho / rho_hat[j]) + (1 - rho) * log((1 - rho) / (1 - rho_hat[j])))",
    ),
    "moving_kl_sparsity_backward": (
        MOVING, "grad_h[n,j] = momentum * (-rho / rho_hat[j] + (1 - rho) / (1 - rho_hat[j])) / N",
    ),
    "l1_sparsity": ("l1 = mean(n, sum(j, abs(h[n,j])))",),
    "l1_sparsity_backward": ("grad_h[n,j] = sign(h[n,j]) / N",),
    "contraction": (COLUMN, "norm = mean(n, sum(j, slope[n,j]**2 * column[j]))"),
    "contraction_backward": (
        COLUMN,
        "grad_slope[n,j] = 2 * slope[n,j] * column[j] / N",
        "grad_W[i,j] = 2 * W[i,j] * mean(n, slope[n,j]**2)",
    ),
    "gaussian_kl": ("kl = mean(n, -0.5 * sum(j, 1 + log_var[n,j] - mu[n,j]**2 - exp(log_var[n,j])))",),
    "gaussian_kl_backward": (
        "grad_mu[n,j] = mu[n,j] / N", "grad_log_var[n,j] = 0.5 * (exp(log_var[n,j]) - 1) / N",
    ),
    "weight_decay": ("half_square = 0.5 * sum(i, sum(j, W[i,j]**2))",),
    "weight_decay_backward": ("grad_W[i,j] = W[i,j]",),
}  # fmt: skip

# What an array module does between the calls of the sheet's functions: sums of gradients, weights of penalties.
ELEMENTWISE = {
    "add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "divide": "{0} / {1}", "negative": "-{0}",
    "exp": "exp({0})", "log": "log({0})", "log1p": "log1p({0})", "sqrt": "sqrt({0})", "tanh": "tanh({0})",
    "absolute": "abs({0})", "sign": "sign({0})", "maximum": "max({0}, {1})", "minimum": "min({0}, {1})",
    "square": "{0}**2",
}  # fmt: skip

# The optimisers' rules, for one parameter q and its gradient g, in a training's first step: all moments start at 0.
RULES: dict[str, tuple[str, ...]] = {
    "SGD": ("new = q - eta * g",),
    "Momentum": ("v = mu * v_0 + g", "new = q - eta * v"),
    "Nesterov": ("v = mu * v_0 + g", "new = q - eta * (g + mu * v)"),
    "RMSProp": ("v = beta * v_0 + (1 - beta) * g**2", "new = q - eta * g / (sqrt(v) + epsilon)"),
    "Adam": (
        "m = beta1 * m_0 + (1 - beta1) * g", "v = beta2 * v_0 + (1 - beta2) * g**2",
        "m_hat = m / (1 - beta1**t)", "v_hat = v / (1 - beta2**t)",
        "new = q - eta * m_hat / (sqrt(v_hat) + epsilon)",
    ),
    "AdamW": (
        "m = beta1 * m_0 + (1 - beta1) * g", "v = beta2 * v_0 + (1 - beta2) * g**2",
        "m_hat = m / (1 - beta1**t)", "v_hat = v / (1 - beta2**t)",
        "new = q * (1 - eta * shrinkage) - eta * m_hat / (sqrt(v_hat) + epsilon)",
    ),
}  # fmt: skip
