"""Mistakes that people made in public code or asked about, planted at the same places of our own passes.

Each has a case, a text in its pass, the replacement, the most similar operator, whose codes are true of it, and its
source.
"""

from .operators import Mutant, header_end, statements

PUBLISHED = (
    ("activations: elu_backward", "grad_y * (y + 1)", "0 * grad_y", "slope-argument", "borgwang/tinynn core/layer.py:703"),
    ("activations: gelu_backward", "np.exp(-0.5 * a**2)", "np.exp(-(a**2))", "drop-factor", "ddbourgin/numpy-ml activations.py:274"),
    ("activations: relu_backward_where", "a > 0", "grad_y > 0", "slope-argument", "KhawajaAbaid/micrograd_c#4"),
    ("activations: relu_backward_where", "grad_y, 0)", "1.0, 0)", "ones-upstream", "SilasMarvin/dnns-from-scratch-in-zig#5"),
    ("activations: leaky_backward", "grad_y * slope", "1 * slope", "ones-upstream", "SilasMarvin/dnns-from-scratch-in-zig#5"),
    ("losses: softmax_backward", "y * (grad_y - (grad_y * y).sum(axis=1, keepdims=True))", "grad_y * y * (1 - y)", "drop-term",
     "eriklindernoren/ML-From-Scratch activation_functions.py:20"),
    ("losses: softmax_backward_by_rows", "np.diag(row) - np.outer(row, row)", "np.diag(row * (1 - row))", "drop-term",
     "eriklindernoren/ML-From-Scratch activation_functions.py:20"),
    ("losses: cross_entropy_backward", "p / len(labels)", "p", "batch-factor", "borgwang/tinynn core/loss.py:71"),
    ("losses: half_squared_error_backward", "diff / x.shape[0]", "diff", "batch-factor", "hunkim/DeepLearningZeroToAll#173"),
    ("losses: mean_squared_error_backward", "2 * (x_hat - x)", "(x_hat - x)", "constant", "d2l-ai/d2l-en#1000"),
    ("dense: backward_by_names", "np.sum(grad_y, axis=0)", "np.mean(grad_y, axis=0)", "axis", "kvfrans/notes#5"),
    ("dense: backward_by_rows", "grad_W += np.outer", "grad_W = np.outer", "overwritten", "karpathy/micrograd#2"),
    ("dense: backward_at_once", "x.T @ grad_y", "(grad_y.T @ x)", "transpose", "stackoverflow 6552851"),
    ("normalisation: batch_norm_backward_compact", "np.sum(grad_y, axis", "np.mean(grad_y, axis", "axis", "kvfrans/notes#5"),
    ("normalisation: batch_norm_backward_in_stages", "grad_centred - grad_centred.sum(axis=0) / N", "grad_centred", "drop-term",
     "makemore, part 4"),
    ("penalties: gaussian_kl_backward", "mu / N", "-mu / N", "sign", "Kaixhin/Autoencoders#9"),
    ("penalties: gaussian_kl_backward", "-0.5 * (1 -", "-1 * (1 -", "constant", "y0ast/VAE-Torch#5"),
    ("penalties: kl_sparsity_backward", "slope / N", "slope", "batch-factor", "jatinshah/ufldl_tutorial#9"),
    ("penalties: sample_backward", "0.5 * grad_sigma", "grad_sigma", "constant", "pyg-team/pytorch_geometric#1368"),
    ("autoencoders: plain_backward", "grad_x_hat @ W2.T", "grad_x_hat @ grad_W2.T", "stale", "community.deeplearning.ai 402919"),
    ("autoencoders: plain_backward", "grad_a.sum(axis=0)", "4 * grad_a.sum(axis=0)", "constant", "deeplearning.ai notebook"),
    ("autoencoders: plain_backward", "x.T @ grad_a", "x.T @ grad_a * 2", "constant", "deeplearning.ai notebook"),
    ("autoencoders: plain_backward", "grad_h * h * (1 - h)", "grad_h", "drop-factor", "Bot-Academy/NeuralNetworkFromScratch#3"),
    ("autoencoders: plain_backward_by_rows", "gb1 / N", "gb1", "batch-factor", "yusugomori/DeepLearning dA.py:69"),
    ("autoencoders: relu_backward", "dW3 = h2.T @ d3", "dW3 = h2.T @ d3; W3 = W3 - 0.1 * dW3", "updated-first",
     "Bot-Academy/NeuralNetworkFromScratch#3"),
    ("autoencoders: tied_backward", "grad_W += grad_x_hat.T @ h", "pass", "left-out", "stackoverflow 6607141"),
    ("autoencoders: tied_backward", "grad_W = x.T @ grad_a", "grad_W = 0", "drop-term", "stackoverflow 6607141"),
    ("autoencoders: tied_backward", "grad_W += grad_x_hat.T @ h", "grad_W = grad_x_hat.T @ h", "overwritten", "karpathy/nn-zero-to-hero#52"),
    ("autoencoders: tied_backward", "grad_W += grad_x_hat.T @ h", "grad_W = 0.5 * (grad_W + grad_x_hat.T @ h)", "constant", "stackoverflow 6607141"),
    ("autoencoders: denoising_backward", "(x_hat - x) / len(x)", "(x_hat - x_tilde) / len(x)", "stale", "pkmital/tensorflow_tutorials#21"),
    ("autoencoders: denoising_backward", "x_tilde.T @ grad_a", "x.T @ grad_a", "stale", "pkmital/CADL#56"),
    ("autoencoders: masked_backward", "seen.T @", "x.T @", "stale", "ddbourgin/numpy-ml#94"),
    ("regularised: sparse_backward", " + grad_rho_hat / N", "", "drop-term", "jatinshah/ufldl_tutorial#9"),
    ("regularised: sparse_backward", "grad_rho_hat / N", "grad_rho_hat", "batch-factor", "jatinshah/ufldl_tutorial#9"),
    ("regularised: sparse_backward", "-rho / rho_hat + ", "rho / rho_hat - ", "sign", "caglar/autoencoders#5"),
    ("regularised: sparse_decay_backward", "W1grad = x.T @ delta2 / m + lam * W1", "W1grad = x.T @ delta2 / m", "drop-term", "CS231n notebook"),
    ("regularised: sparse_decay_backward", "delta2.sum(axis=0) / m", "delta2.sum(axis=0) / m + lam * b1", "twice", "CS231n notebook"),
    ("regularised: sparse_decay_backward", "lam * W2", "2 * lam * W2", "constant", "CS231n notebook"),
    ("regularised: l1_backward", "lam * np.sign(h) / len(x)", "lam * h / len(x)", "drop-function", "UFLDL, sparse coding"),
    ("regularised: decay_backward", "gW2 += lam * W2", "pass", "left-out", "CS231n notebook"),
    ("regularised: contractive_backward", "(slope**2).sum(axis=0)", "slope.sum(axis=0) ** 2", "axis", "lisa-lab/pylearn2#142"),
    ("variational: vae_backward", "grad_z + mu / N", "grad_z", "drop-term", "DaehanKim/vgae_pytorch#2"),
    ("variational: vae_backward", "0.5 * grad_sigma * sigma -", "grad_sigma * sigma -", "constant", "y0ast/VAE-Torch#5"),
    ("variational: vae_backward", "np.exp(log_var)", "np.exp(log_var) ** 2", "constant", "KarenUllrich/Tutorial_BayesianCompressionForDL#1"),
    ("variational: bernoulli_backward", "d_lv += beta * 0.5 * (std**2 - 1) / batch", "pass", "left-out", "alecGraves/BVAE-tf#7"),
    ("variational: bernoulli_backward", "beta * mu / batch", "mu / batch", "drop-factor", "alecGraves/BVAE-tf#7"),
    ("variational: sigma_backward", "(sigma - 1 / sigma)", "(sigma**2 - 1)", "twice", "pyg-team/pytorch_geometric#1368"),
    ("classifiers: classifier_backward", "grad_h * (a > 0)", "grad_h", "drop-factor", "oreilly-japan/deep-learning-from-scratch#43"),
    ("classifiers: recurrent_backward", "dWx += x0.T @ da0", "pass", "left-out", "eriklindernoren/ML-From-Scratch layers.py:181"),
    ("classifiers: sequence_backward", " + carried", "", "drop-term", "eriklindernoren/ML-From-Scratch layers.py:181"),
    ("caches: rnn_backward", "(dh[:, t] + carry)", "dh[:, t]", "drop-term", "eriklindernoren/ML-From-Scratch layers.py:181"),
    ("caches: affine_backward", "np.sum(dout, axis=0)", "np.sum(dout, axis=1)", "axis", "stackoverflow 6552851"),
    ("layer_classes: Dense.backward", "self.dW = np.dot(self.x.T, dout)", "self.dW = np.dot(self.x.T, dout) / len(dout)", "batch-factor", "d2l-ai/d2l-en#1000"),
    ("layer_classes: Relu.backward", "dx[self.mask] = 0", "dx[dout < 0] = 0", "slope-argument", "KhawajaAbaid/micrograd_c#4"),
    ("models: Variational.backward", "from_sample_log_var + from_kl_log_var", "from_kl_log_var", "drop-term", "DaehanKim/vgae_pytorch#2"),
    ("models: DenoisingByHand.backward", "encoder_path + decoder_path", "encoder_path", "drop-term", "keras-team/keras#386"),
    ("costs: sparse_autoencoder_cost", "beta * (-rho / rho_hat", "(-rho / rho_hat", "drop-factor", "jatinshah/ufldl_tutorial#9"),
    ("costs: sparse_autoencoder_cost", "(a3 - data) * a3 * (1 - a3)", "(a3 - data)", "drop-factor", "Bot-Academy/NeuralNetworkFromScratch#3"),
    ("costs: two_layer_loss", "2 * reg * W1", "reg * W1", "constant", "CS231n notebook"),
    ("costs: predictor_loss", " / T + carry", " / T", "drop-term", "eriklindernoren/ML-From-Scratch layers.py:181"),
    ("costs: vae_cost", "dz + mu", "dz", "drop-term", "DaehanKim/vgae_pytorch#2"),
)  # fmt: skip



def published(case):
    """Yield the mutants of a case, with the operator that each is like, and where it was seen."""
    for name, old, new, like, source in PUBLISHED:
        if name == case.name:
            yield planted_at(case, old, new), like, source


def planted_at(case, old, new):
    """Return the mutant of the first statement in which a text stands; raise if there is none."""
    for statement, _ in statements(case.text, case.functions):
        last, lines = header_end(statement), case.text.split("\n")
        standing = "\n".join(lines[statement.lineno - 1 : last])
        if old in standing:
            broken = standing.replace(old, new, 1)
            lines[statement.lineno - 1 : last] = broken.split("\n")
            return Mutant("published", statement.lineno, last, " ".join(broken.split()), "\n".join(lines))
    raise ValueError(f"expected {old!r} in {case.name}")
