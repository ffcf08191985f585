"""Every case of the corpus: a file, a pass in it, and how it is checked."""

import functools

import numpy as np

from .checking import CODE, PATH, Case, Exercise, Functions, Layer, Model
from .drawing import draws

CASES = {}


def case(kind, file, functions, way, make):
    """Put a case into the corpus, under the name of the first function that is broken."""
    functions = tuple(functions.split())
    name = f"{file}: {functions[0]}"
    CASES[name] = Case(name, kind, CODE / f"{file}.py", functions, way, make)


def pair(kind, file, forward, backward, wrt="", style="pair", also="", **texts):
    """Put in a pair of functions; `also` names helpers that are broken too."""
    way = Functions(forward, backward, tuple(wrt.split()), style)
    case(kind, file, f"{backward} {also}", way, draws(**texts))


function = functools.partial(pair, "function")
network = functools.partial(pair, "network")
cached = functools.partial(pair, "stranger", "caches", style="cached")

# Functions

for style in ("at_once", "by_names", "by_rows", "einsum", "transposed"):
    function("dense", "dense", f"backward_{style}", x="N D", W="D H", b="H")
function("dense", "dense_tanh", "dense_tanh_backward", x="N D", W="D H", b="H")
function("dense", "affine_relu", "affine_relu_backward", x="N D", w="D H", b="H")
function("dense", "residual", "residual_backward", x="N D", W="D D", b="D")
function("dense", "gate", "gate_backward", x="N D", W="D H", V="D H")
for forward, backward in (
    ("sigmoid", "sigmoid_backward"), ("sigmoid", "sigmoid_backward_from_input"), ("tanh", "tanh_backward"),
    ("tanh", "tanh_backward_by_cosh"), ("relu", "relu_backward_where"), ("relu", "relu_backward_in_place"),
    ("elu", "elu_backward"), ("softplus", "softplus_backward"), ("swish", "swish_backward"), ("gelu", "gelu_backward"),
    ("gelu", "gelu_backward_in_steps"), ("gelu_tanh", "gelu_tanh_backward"),
):  # fmt: skip
    function("activations", forward, backward, a="N H")
function("activations", "leaky", "leaky_backward", wrt="a", a="N H", alpha=0.1)
function("losses", "softmax", "softmax_backward", s="N C")
function("losses", "softmax", "softmax_backward_by_rows", s="N C")
function("losses", "log_softmax", "log_softmax_backward", s="N C")
for style in ("", "_by_rows"):
    function("losses", "cross_entropy", f"cross_entropy_backward{style}", logits="N C", labels="class N C")
function("losses", "one_hot_cross_entropy", "one_hot_cross_entropy_backward", wrt="logits", logits="N C", t="onehot N C")
function("losses", "mean_squared_error", "mean_squared_error_backward", wrt="x_hat", x_hat="N D", x="N D")
function("losses", "half_squared_error", "half_squared_error_backward", wrt="x_hat", x_hat="N D", x="N D")
function("losses", "logit_loss", "logit_loss_backward", wrt="logits", logits="N D", x="unit N D")
function("losses", "probability_loss", "probability_loss_backward", wrt="p", p="unit N D", x="unit N D")
function("losses", "huber", "huber_backward", wrt="x_hat", x_hat="N D", x="N D")
function("losses", "cosine_loss", "cosine_loss_backward", p="N D", q="N D")
function("penalties", "kl_sparsity", "kl_sparsity_backward", wrt="h", h="unit N H", rho=0.1)
function("penalties", "kl_sparsity", "kl_sparsity_backward_by_rows", wrt="h", h="unit N H", rho=0.1)
function("penalties", "l1_sparsity", "l1_sparsity_backward", h="N H")
function("penalties", "decay", "decay_backward", wrt="W", W="D H", lam=0.3)
function("penalties", "contraction", "contraction_backward", x="N D", W="D H", b="H")
function("penalties", "gaussian_kl", "gaussian_kl_backward", mu="N K", log_var="N K")
function("penalties", "gaussian_kl_of_sigma", "gaussian_kl_of_sigma_backward", mu="N K", sigma="positive N K")
function("penalties", "sample", "sample_backward", wrt="mu log_var", mu="N K", log_var="N K", eps="N K")
function("penalties", "sample", "sample_backward_from_z", wrt="mu log_var", mu="N K", log_var="N K", eps="N K")
for style in ("in_stages", "compact"):
    function("normalisation", "batch_norm", f"batch_norm_backward_{style}", x="N D", gamma="D", beta="D")
function("normalisation", "layer_norm", "layer_norm_backward", x="N D", gamma="D", beta="D")
function("normalisation", "unit_rows", "unit_rows_backward", V="H D")
function("normalisation", "unit_rows", "unit_rows_backward_by_rows", V="H D")
function("normalisation", "centred", "centred_backward", x="N D")
function("normalisation", "root_mean_square", "root_mean_square_backward", x="N D", gamma="D")
function("products", "scores", "scores_backward", Q="N H", K="D H")
function("products", "attention", "attention_backward", Q="N H", K="D H", V="D K")
function("products", "distances", "distances_backward", x="N D", c="H D")
function("products", "bilinear", "bilinear_backward", x="N D", A="D H", y="N H")
function("products", "scaled", "scaled_backward", x="N D", gamma="D", beta="D")

# Networks

autoencoder = {"x": "N D", "W1": "D H", "b1": "H", "W2": "H D", "b2": "D"}
four = "W1 b1 W2 b2"
network("autoencoders", "plain_loss", "plain_backward", four, **autoencoder)
network("autoencoders", "plain_loss", "plain_backward_by_rows", four, **autoencoder)
network("autoencoders", "relu_loss", "relu_backward", "W1 b1 W2 b2 W3 b3",
        x="N D", W1="D H", b1="H", W2="H K", b2="K", W3="K D", b3="D")  # fmt: skip
network("autoencoders", "gelu_loss", "gelu_backward", four, also="gelu_tanh_slope", **autoencoder)
network("autoencoders", "tied_loss", "tied_backward", "W b c", x="N D", W="D H", b="H", c="D")
network("autoencoders", "tied_sigmoid_loss", "tied_sigmoid_backward", "W b c", x="unit N D", W="D H", b="H", c="D")
network("autoencoders", "denoising_loss", "denoising_backward", four, x_tilde="N D", **autoencoder)
network("autoencoders", "masked_loss", "masked_backward", "W1 W2", x="N D", keep="mask N D", W1="D H", W2="H D")
network("regularised", "sparse_loss", "sparse_backward", four, rho=0.1, beta=0.5, **autoencoder)
network("regularised", "sparse_decay_loss", "sparse_decay_backward", four, rho=0.1, beta=0.5, lam=0.2, **autoencoder)
network("regularised", "l1_loss", "l1_backward", four, lam=0.3, **autoencoder)
network("regularised", "contractive_loss", "contractive_backward", four, lam=0.4, **autoencoder)
network("regularised", "decay_loss", "decay_backward", "W1 W2", x="N D", W1="D H", W2="H D", lam=0.2)
network("regularised", "both_loss", "both_backward", four, lam=0.2, beta=0.5, **autoencoder)
network("variational", "vae_loss", "vae_backward", "W1 b1 W_mu W_lv W2 b2", x="N D", eps="N K", W1="D H", b1="H",
        W_mu="H K", W_lv="H K", W2="K D", b2="D")  # fmt: skip
network("variational", "bernoulli_loss", "bernoulli_backward", "W1 W_mu W_lv W2 W3", x="unit N D", eps="N K", W1="D H",
        W_mu="H K", W_lv="H K", W2="K H", W3="H D", beta=0.7)  # fmt: skip
network("variational", "sigma_loss", "sigma_backward", "W_mu W_s W2", x="N D", eps="N K", W_mu="D K", W_s="D K", W2="K D")
network("variational", "rows_loss", "rows_backward", "W_mu W_lv W2", x="N D", eps="N K", W_mu="D K", W_lv="D K", W2="K D")
network("classifiers", "classifier_loss", "classifier_backward", four, x="N D", labels="class N C", W1="D H", b1="H",
        W2="H C", b2="C")  # fmt: skip
network("classifiers", "one_hot_loss", "one_hot_backward", "W1 W2", x="N D", t="onehot N C", W1="D H", W2="H C", lam=0.2)
network("classifiers", "stacked_loss", "stacked_backward", "W1 W2 W3", x="N D", labels="class N C", W1="D H", W2="H K",
        W3="K C")  # fmt: skip
network("classifiers", "recurrent", "recurrent_backward", x0="N D", x1="N D", Wx="D H", Wh="H H", b="H")
network("classifiers", "sequence_loss", "sequence_backward", "Wx Wh Wy", x="T D", Wx="D H", Wh="H H", Wy="H D")
network("classifiers", "gated_cell", "gated_cell_backward", x="N D", h="N H", Wz="D H", Uz="H H", Wc="D H", Uc="H H")


def model(name, make, also="", **texts):
    case("network", "models", f"{name}.backward {also}", Model(make), draws(D="size D", H="size H", K="size K", **texts))


def built(name, **options):
    def make(module, seed, D, H, K, **_):
        return getattr(module, name)([D, H], dtype="float64", rng=seed, **options)

    return make


def by_hand(name):
    return lambda module, seed, D, H, **_: getattr(module, name)(D, H, np.random.default_rng(seed))


model("Shifted", built("WithOwnLayer"), x="unit N D")
model("Sparse", built("Sparse", weight_decay=0.1), x="unit N D")
model("Variational", lambda module, seed, D, H, K, **_: module.Variational([D, H, K], dtype="float64", rng=seed), x="unit N D")
model("CodePenalty", built("CodePenalty"), x="unit N D")
model("ByHand", by_hand("ByHand"), x="unit N D")
model("DenoisingByHand", by_hand("DenoisingByHand"), x="unit N D")

# Strangers' styles


def layer(name, left="", **texts):
    def make(module, x, **values):
        return getattr(module, name)(**{key: value.copy() for key, value in values.items()})

    case("stranger", "layer_classes", f"{name}.backward", Layer(make, left), draws(**texts))


layer("Dense", "dW db", x="N D", W="D H", b="H")
layer("Sigmoid", x="N D")
layer("Relu", x="N D")
layer("BatchNorm", "dgamma dbeta", x="N D", gamma="D", beta="D")
layer("TwoLayers", "grads['W1'] grads['b1'] grads['W2'] grads['b2']", x="N D", W1="D H", b1="H", W2="H K", b2="K")
layer("TiedAutoencoder", "dW db dc", x="N D", W="D H", b="H", c="D")
layer("VariationalCode", "dW_mu dW_lv", x="N D", W_mu="D K", W_lv="D K", eps="N K")
layer("SoftmaxHead", "dW db", x="N D", W="D C", b="C")
cached("affine_forward", "affine_backward", x="N D", w="D H", b="H")
cached("affine_relu_forward", "affine_relu_backward", x="N D", w="D H", b="H")
cached("batchnorm_forward", "batchnorm_backward", x="N D", gamma="D", beta="D")
cached("layernorm_forward", "layernorm_backward", x="N D", gamma="D", beta="D")
cached("rnn_step_forward", "rnn_step_backward", x="N D", prev_h="N H", Wx="D H", Wh="H H", b="H")
cached("rnn_forward", "rnn_backward", x="N T D", h0="N H", Wx="D H", Wh="H H", b="H")
cached("encoder_forward", "encoder_backward", "x W1 b1 W_mu W_lv", x="N D", W1="D H", b1="H", W_mu="H K", W_lv="H K", eps="N K")


def cost(name, wrt, **texts):
    """Put in a loss that returns its gradient, too."""
    case("stranger", "costs", name, Functions(name, "", tuple(wrt.split()), "loss"), draws(**texts))


cost("sparse_autoencoder_cost", "theta", theta="theta D*H H*D H D", visible="size D", hidden="size H", lam=0.1, rho=0.1,
     beta=0.5, data="unit D N")  # fmt: skip
cost("softmax_cost", "theta", theta="theta C*D", classes="size C", inputs="size D", lam=0.1, data="N D", labels="class N C")
cost("linear_decoder_cost", "theta", theta="theta D*H H H*D D", visible="size D", hidden="size H", data="N D")
cost("vae_cost", "theta", theta="theta D*K D*K K*D", data="unit N D", eps="N K", visible="size D", latent="size K")
cost("two_layer_loss", four, W1="D H", b1="H", W2="H C", b2="C", X="N D", y="class N C", reg=0.1)
cost("tied_cost", "W b c", W="D H", b="H", c="D", X="N D")
cost("vae_loss", "W_mu W_s V", W_mu="D K", W_s="D K", V="K D", X="N D", noise="N K")
cost("predictor_loss", "Wx Wh Wy", Wx="D H", Wh="H H", Wy="H D", x="T D")

# Exercises


def exercise(folder, functions=None, **texts):
    """Put in an exercise of the path; the inputs are those of its backward functions."""
    name = folder.partition("_")[2]
    functions = tuple((functions or name).split())
    full = f"exercise: {name}"
    CASES[full] = Case(full, "exercise", PATH / folder / "solution.py", functions, Exercise(folder, functions), draws(**texts))


exercise("02_dense_backward", grad_y="N H", x="N D", W="D H")
exercise("03_relu_backward", grad_y="N H", a="N H")
exercise("04_sigmoid_backward", grad_y="N H", y="unit N H")
exercise("05_gelu_backward", grad_y="N H", a="N H")
exercise("06_gelu_tanh_backward", grad_y="N H", a="N H")
exercise("07_squared_error_backward", x_hat="N D", x="N D")
exercise("08_cross_entropy_backward", "binary_cross_entropy_backward", logits="N D", x="unit N D")
exercise("09_softmax_backward", "softmax_cross_entropy_backward", logits="N C", labels="class N C")
exercise("10_weight_decay", "weight_decay_backward", W="D H", lam=0.3)
exercise("11_autoencoder_backward", **autoencoder)
exercise("12_tied_weights", "tied_backward", x="N D", W="D H", b="H", c="D")
exercise("13_denoising", "denoising_backward", x_tilde="N D", x="N D", W1="D H", W2="H D")
exercise("14_kl_sparsity_backward", h="unit N H", rho=0.1)
exercise("15_l1_sparsity_backward", h="N H")
exercise("16_top_k_backward", grad_y="N D", a="N D", k=2)
exercise("17_contraction_backward", slope="slope N H", W="D H")
exercise("18_pretraining", "pretraining_backward", x="N D", keep="mask N H", W1="D H", W2="H K", V2="K H")
exercise("19_fine_tuning", "fine_tuning_backward", x="N D", labels="class N C", W1="D H", W2="H K", W3="K C", b3="C")
exercise("20_reparameterize_backward", grad_z="N H", log_var="N H", eps="N H")
exercise("21_gaussian_kl_backward", mu="N H", log_var="N H")
exercise("22_vae_backward", x="N D", eps="N K", W1="D H", W_mu="H K", W_log_var="H K", W2="K D", beta=0.7)
exercise("26_find_the_bug_1", "sparse_backward", rho=0.1, weight=0.5, **autoencoder)
exercise("27_find_the_bug_2", "classifier_backward", x="N D", labels="class N C", W1="D H", W2="H K", W3="K C")
