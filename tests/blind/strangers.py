"""Mistakes in programs written in the styles of public repositories: flat theta, caches, classes, closures, loops.

    stranger_code/PROGRAM.py, a right program; MISTAKES: program, line number, the wrong line in its place, what is wrong

They were written down without a look at the checker's own list of mistakes.
"""

from typing import NamedTuple

from ways import Cached, Closure, LayerOf, LossOf, Pair, draw, flat, keep, labels, one, uniform


class Planted(NamedTuple):
    program: str
    line: int
    text: str
    sentence: str


def flat_classifier_theta(rng, s):
    return rng.normal(0, 0.6, size=s.H * (s.D + 1) + s.C * (s.H + 1))


def flat_vae_theta(rng, s):
    return rng.normal(0, 0.6, size=s.D * s.H + s.H + s.H * 2 * s.K + 2 * s.K + s.K * s.D + s.D)


def column(letter):
    return lambda rng, s: rng.normal(size=(getattr(s, letter), 1))


def vae(module, rng, s):
    x, eps = rng.uniform(size=(s.N, s.D)), rng.normal(size=(s.N, s.K))
    return module.VAE(s.D, s.H, s.K), {"x": x, "eps": eps}


def batch(rng, s):
    return rng.normal(size=(s.N, s.D))


def pairs(rng, s):
    return rng.integers(s.D, size=(s.N, s.K))


WAYS = {
    "flat_classifier": LossOf(
        "nn_cost_function",
        draw(
            theta=flat_classifier_theta, X="ND", Y=uniform("NC"),
            n_in=one("D"), n_hidden=one("H"), n_out=one("C"),
        ),
        ["theta"],
    ),
    "flat_sparse_autoencoder": LossOf(
        "sparse_autoencoder_cost",
        draw(theta=flat("HD", "DH", "H", "D"), data=uniform("DN"), visible_size=one("D"), hidden_size=one("H")),
        ["theta"],
    ),
    "module_classes": LayerOf(lambda module, rng, s: (module.autoencoder(s.D, s.H, s.K), batch(rng, s))),
    "affine_relu_caches": LossOf(
        "two_layer_loss", draw(X="ND", y=labels(), W1="DH", b1="H", W2="HC", b2="C"), ["W1", "b1", "W2", "b2"]
    ),
    "vanilla_rnn": Cached("rnn_forward", "rnn_backward", draw(x="NDK", h0="NH", Wx="KH", Wh="HH", b="H")),
    "lstm_cell": Cached(
        "lstm_step", "lstm_step_backward",
        draw(
            x="ND", h_prev="NH", c_prev="NH",
            Wx=lambda rng, s: rng.normal(0, 0.6, size=(s.D, 4 * s.H)),
            Wh=lambda rng, s: rng.normal(0, 0.6, size=(s.H, 4 * s.H)), b=lambda rng, s: rng.normal(size=4 * s.H),
        ),
    ),
    "gru_sequence": Closure(
        "gru", draw(xs="DNK", h0="NH", Wz="KH", Uz="HH", Wr="KH", Ur="HH", Wn="KH", Un="HH")
    ),
    "character_model": LossOf(
        "loss_and_gradients",
        draw(
            Wxh="HC", Whh="HH", Why="CH", bh=column("H"), by=column("C"), inputs=labels("D"), targets=labels("D"),
            hprev=column("H"),
        ),
        ["Wxh", "Whh", "Why", "bh", "by"],
    ),
    "vae_class": LayerOf(vae),
    "vae_flat": LossOf(
        "negative_bound", draw(theta=flat_vae_theta, x="ND", noise="NK", d=one("D"), h=one("H"), k=one("K")), ["theta"]
    ),
    "conv1d_pair": Cached(
        "encoder_forward", "encoder_backward",
        draw(x=lambda rng, s: rng.normal(size=(s.N, s.K, 11)), w=lambda rng, s: rng.normal(size=(s.H, s.K, 5)), b="H"),
    ),
    "self_attention": Cached(
        "attention_forward", "attention_backward", draw(x="NHD", Wq="DK", Wk="DK", Wv="DC", Wo="CD")
    ),
    "closure_chain": Closure("autoencoder", draw(x="ND", W1="DH", b1="H", W2="HD", b2="D"), ["W1", "b1", "W2", "b2"]),
    "deep_lists": LayerOf(
        lambda module, rng, s: (module.DeepAutoencoder([s.D, s.H, s.K, s.H, s.D]), batch(rng, s))
    ),
    "gated_layer": LayerOf(lambda module, rng, s: (module.Highway(s.D), batch(rng, s))),
    "word_vectors": LossOf(
        "skip_gram", draw(V="DH", U="DH", centre=labels("N", "D"), context=labels("N", "D"), negative=pairs)
    ),
    "rating_autoencoder": Cached(
        "autorec_forward", "autorec_backward",
        draw(R="ND", observed=keep("ND"), V="DH", mu="H", W="HD", b="D"), ["V", "mu", "W", "b"],
    ),
    "contrastive_codes": LossOf("info_nce", draw(a="NH", b="NH")),
    "tied_stack": Pair(
        "reconstruct", "reconstruct_backward", draw(x="ND", W1="DH", W2="HK", b1="H", b2="K", c1="D", c2="H")
    ),
}  # fmt: skip
MISTAKES = [
    Planted("flat_classifier", 36, '    d2 = d2 * z2 * (1 - z2)', "The sigmoid's slope is written with its input."),
    Planted("flat_classifier", 37, '    Theta1_grad = d2.T @ a1', "The gradient of Theta1 isn't divided by the number of examples."),
    Planted("flat_classifier", 40, '    Theta2_grad += lam / m * Theta2', "The bias column of Theta2 is decayed too, which the cost doesn't do."),
    Planted("flat_classifier", 39, '    Theta1_grad[:, 1:] -= lam / m * Theta1[:, 1:]', "The decay of Theta1 is subtracted."),
    Planted("flat_classifier", 34, '    d3 = (h - Y) * h * (1 - h)', "The output's slope is multiplied in although the cross entropy has cancelled it."),
    Planted("flat_sparse_autoencoder", 34, '    delta2 = W2.transpose().dot(delta3)', "The sparsity's gradient is left out."),
    Planted("flat_sparse_autoencoder", 33, '    delta3 = (data - h) * h * (1 - h)', "The minus in front of the error is lost."),
    Planted("flat_sparse_autoencoder", 32, '    sparsity_delta = np.tile(-rho / rho_hat - (1 - rho) / (1 - rho_hat), (m, 1)).transpose()', "The second part of the divergence's derivative has the wrong sign."),
    Planted("flat_sparse_autoencoder", 37, '    W2grad = delta3.dot(a2.transpose()) / m + lambda_ / 2 * W2', "The half of the penalty is taken over into the derivative of the square."),
    Planted("flat_sparse_autoencoder", 38, '    b1grad = np.mean(delta2, axis=1) / m', "The bias gradient is divided by m twice."),
    Planted("module_classes", 40, '        return grad_out * (1 - np.square(np.tanh(self.cache)))', "The cache holds the tanh already, and it is taken again."),
    Planted("module_classes", 30, '        self.grad_bias = np.mean(grad_out, axis=0)', "The bias gradient is the mean and not the sum."),
    Planted("module_classes", 54, '        grad[self.cache < 0] = 0', "The negative side gets no gradient, as with a plain rectifier."),
    Planted("module_classes", 29, '        self.grad_weight = np.dot(x.T, grad_out) / len(x)', "The weight gradient is divided by the batch size."),
    Planted("module_classes", 55, '        return grad * self.cache', "The input stands in place of the upstream gradient."),
    Planted("affine_relu_caches", 25, '    return dout * (dout > 0)', "The mask is taken from the gradient, not from the input."),
    Planted("affine_relu_caches", 35, '    dscores[:, y] -= 1', "The 1 is subtracted in every row."),
    Planted("affine_relu_caches", 49, '    _, grads["W1"], grads["b1"] = affine_backward(dh, fc1_cache)', "The first layer gets the gradient behind the rectifier."),
    Planted("affine_relu_caches", 51, '    grads["W1"] += reg * np.abs(W1)', "The penalty is a square, and its derivative is written with absolute values."),
    Planted("affine_relu_caches", 50, '    grads["W2"] += 0.5 * reg * W2', "A half too much stands before the decay of W2."),
    Planted("vanilla_rnn", 41, '        dnext_h = dh[:, t]', "The gradient from the later steps is left out."),
    Planted("vanilla_rnn", 45, '        dWh = dWh_t', "The recurrent weights keep the gradient of the first step alone."),
    Planted("vanilla_rnn", 13, '    da = dnext_h * (1 - prev_h**2)', "The slope is that of the state before, not of this step's."),
    Planted("vanilla_rnn", 15, '    dprev_h = da @ Wh', "The recurrent weights aren't transposed."),
    Planted("vanilla_rnn", 17, '    dWh = next_h.T @ da', "The state of this step stands where the one before is due."),
    Planted("lstm_cell", 26, '    dc = dh * o', "The slope of the tanh over the cell is left out."),
    Planted("lstm_cell", 27, '    df = dc * f', "The forget gate itself stands where the previous cell is due."),
    Planted("lstm_cell", 34, '    da_g = dg * g * (1 - g)', "The candidate is a tanh, and gets a sigmoid's slope."),
    Planted("lstm_cell", 28, '    di = dc * i', "The input gate's gradient is multiplied by the gate and not by the candidate."),
    Planted("lstm_cell", 35, '    da = np.concatenate([da_i, da_o, da_f, da_g], axis=1)', "Two gates' gradients are put in the wrong order."),
    Planted("gru_sequence", 26, '            dz = dh * (n - h_prev) * z * (1 - z)', "The update gate's difference has the wrong sign."),
    Planted("gru_sequence", 30, '            gUn += h_prev.T @ dn', "The reset gate is left out of the candidate's recurrent weights."),
    Planted("gru_sequence", 36, '            dh = drh * r + dz @ Uz.T + dr @ Ur.T', "The direct path of the state through the update gate is left out."),
    Planted("gru_sequence", 28, '            dr = drh * r * (1 - r)', "The state that the reset gate multiplies is left out."),
    Planted("gru_sequence", 35, '            dxs[t] = dn @ Wn.T + dz @ Wz.T', "The input's path through the reset gate is left out."),
    Planted("character_model", 32, '        dhnext = np.dot(Whh.T, dh)', "The gradient goes back in time without the slope of tanh."),
    Planted("character_model", 31, '        dWhh += np.dot(dhraw, hs[t].T)', "The state of the same step stands where the one before is due."),
    Planted("character_model", 28, '        dhraw = (1 - hs[t]) * dh', "The square of the state is missing in the slope."),
    Planted("character_model", 27, '        dh = np.dot(Why.T, dy)', "The gradient of the later steps is left out."),
    Planted("character_model", 26, '        dby = dy', "The output's bias keeps the gradient of the first step alone."),
    Planted("vae_class", 49, '        d_logvar = d_z * self.eps * self.std', "The half of the standard deviation's exponent is missing."),
    Planted("vae_class", 48, '        d_mu = d_z + self.beta * self.mu', "The divergence's gradient of mu isn't divided by the batch size."),
    Planted("vae_class", 50, '        d_logvar += 0.5 * (np.exp(self.logvar) - 1) / batch', "beta is forgotten in the gradient of the log-variance."),
    Planted("vae_class", 45, '        g["W_dec"] = self.mu.T @ d_hd', "The decoder's weights are given the mean in place of the sample."),
    Planted("vae_class", 55, '        d_h = d_mu @ p["W_mu"].T', "The log-variance's path into the hidden layer is left out."),
    Planted("vae_class", 56, '        d_h = d_h * (1 - self.hd**2)', "The slope is that of the decoder's hidden layer."),
    Planted("vae_flat", 37, '    dlog_std = dz * noise + std**2 - 1', "The derivative by the logarithm needs the standard deviation, which is left out."),
    Planted("vae_flat", 36, '    dmean = dz - mean', "The divergence's gradient of the mean has the wrong sign."),
    Planted("vae_flat", 38, '    dstats = np.hstack([dlog_std, dmean])', "Mean and log deviation are joined in the wrong order."),
    Planted("vae_flat", 41, '    dpre = dstats @ W2.T / (1 + np.exp(pre))', "The slope of softplus is the sigmoid of pre, and the sign of its exponent is lost."),
    Planted("vae_flat", 33, '    dW3 = (std * noise).T @ drec', "The mean's part of the sample is left out of the decoder's weights."),
    Planted("conv1d_pair", 24, '        dx[:, :, t * stride : t * stride + K] = np.tensordot(dout[:, :, t], w, axes=([1], [0]))', "Windows overlap, and the later ones overwrite what the earlier ones gave."),
    Planted("conv1d_pair", 39, '    dh = np.repeat(dpooled[:, :, None], T, axis=2)', "The mean's 1/T is missing."),
    Planted("conv1d_pair", 25, '    db = dout[:, :, 0].sum(axis=0)', "The bias gets the gradient of the first step alone."),
    Planted("conv1d_pair", 23, '        dw += np.tensordot(dout[:, :, t], x[:, :, t : t + K], axes=([0], [0]))', "The window in the weight gradient is taken without the stride."),
    Planted("conv1d_pair", 40, '    da = dh * (1 - h)', "The square of h is missing."),
    Planted("self_attention", 31, '    ds = p * (1 - p) * dp', "Only the diagonal of the softmax's Jacobian is used."),
    Planted("self_attention", 32, '    dq = ds @ k', "The scale is missing for the queries."),
    Planted("self_attention", 37, '    dx = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T', "The residual connection is left out."),
    Planted("self_attention", 30, '    dv = p @ dmixed', "The attention weights aren't transposed."),
    Planted("self_attention", 33, '    dk = np.swapaxes(dp, 1, 2) @ q * scale', "The keys get the gradient of the probabilities, before the softmax's backward."),
    Planted("closure_chain", 17, '        return g * np.where(a > 0, 1.0, negative)', "The slope of the negative part lacks alpha."),
    Planted("closure_chain", 31, '        return g - out * inner', "The path through the mean is left out."),
    Planted("closure_chain", 40, '        return g * 2 * diff / len(diff)', "The mean runs over all entries, and it is divided by the number of examples."),
    Planted("closure_chain", 30, '        inner = (g * out).sum(axis=0)', "A mean over the batch is due, and the sum is taken."),
    Planted("closure_chain", 8, '        return g @ W.T, x.T @ g, g.mean(axis=0)', "The bias gradient is averaged in each linear layer."),
    Planted("deep_lists", 32, '            grad = grad @ self.W[layer].T', "The gradient goes on without the layer's slope."),
    Planted("deep_lists", 31, '            self.db[layer] = grad.sum(axis=0)', "The biases get the gradient behind the activation."),
    Planted("deep_lists", 18, '        return np.ones_like(a) if layer == self.n_layers - 1 else 1 - np.tanh(a) ** 2', "The tanh is taken once more of an activation."),
    Planted("deep_lists", 30, '            self.dW[layer] = self.a[layer].T @ grad', "The weights get the gradient behind the activation."),
    Planted("gated_layer", 21, '        dT = dout * self.H', "The carried input is left out of the gate's gradient."),
    Planted("gated_layer", 28, '        dx = dout * self.T', "The carry gate is 1 - T, and here stands T."),
    Planted("gated_layer", 30, '        dx += dT @ self.W_T.T', "The input's path through the gate lacks the sigmoid's slope."),
    Planted("gated_layer", 29, '        dx += dH_pre @ self.W_H', "The weights aren't transposed."),
    Planted("gated_layer", 23, '        dT_pre = dT * (1 - self.T**2)', "The gate is a sigmoid, and gets the slope of tanh."),
    Planted("word_vectors", 20, '    g_neg = (sigmoid(neg) - 1) / n', "The negative pairs are treated as positive ones."),
    Planted("word_vectors", 24, '    dV[centre] += dv', "A word that occurs twice gets one of its gradients only."),
    Planted("word_vectors", 22, '    dv = np.einsum("nk,nkd->nd", g_neg, u_neg)', "The positive pair's part is overwritten."),
    Planted("word_vectors", 26, '    np.add.at(dU, context, g_pos[:, None] * u)', "The context's own vector stands where the centre's is due."),
    Planted("rating_autoencoder", 20, '    d_pre = d_hidden * (1 - hidden)', "The first factor of the sigmoid's slope is missing."),
    Planted("rating_autoencoder", 21, '    dV = R.T.dot(d_pre)', "The penalty on V is left out."),
    Planted("rating_autoencoder", 16, '    d_pred = error * observed * dloss', "The 2 of the square is missing."),
    Planted("rating_autoencoder", 17, '    dW = hidden.T.dot(d_pred) + 2 * lam * W * dloss', "The decay of W is doubled."),
    Planted("contrastive_codes", 19, '    dub = dlogits @ ua / temperature', "The logits' gradient isn't transposed."),
    Planted("contrastive_codes", 18, '    dua = dlogits @ ub', "The temperature is missing."),
    Planted("contrastive_codes", 20, '    da = dua / na', "The length is taken for a constant."),
    Planted("contrastive_codes", 17, '    dlogits = (p - 1) / n', "The 1 is subtracted everywhere and not on the diagonal alone."),
    Planted("tied_stack", 31, '    dW2 = h1.T @ dh2_in', "The encoder's part overwrites the decoder's part of W2."),
    Planted("tied_stack", 23, '    dW1 = np.zeros_like(W1)', "The decoder's part of W1 is left out."),
    Planted("tied_stack", 25, '    dr1_in = dr1 * h1 * (1 - h1)', "The encoder's activation stands in the decoder's slope."),
    Planted("tied_stack", 35, '    dW1 += x.T @ dh1', "W1 gets the gradient behind the activation."),
    Planted("tied_stack", 32, '    dh1 = dh2 @ W2.T', "The second layer's slope is skipped on the way to the first."),
]
