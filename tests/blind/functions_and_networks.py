"""Wrong backward passes of single functions and of networks, as students write them, each beside a right twin.

    code/NAME.py, code/TWIN_right.py -> MISTAKES, one row for each wrong file; WAYS, one way to check for each right one

They were written down without a look at the checker's own list of mistakes. The lines of a row are those of the wrong
statement; where something is left out, those between which, or in which, it belonged.
"""

from typing import NamedTuple

from ways import Cached, Closure, LayerOf, LossOf, ModelOf, Pair, draw, keep, labels, one_hot, uniform


class Wrong(NamedTuple):
    kind: str
    name: str
    twin: str
    lines: tuple[int, ...]
    sentence: str


def even_columns(rng, sizes):
    return rng.normal(size=(sizes.N, 2 * sizes.H))


def repeated_rows(rng, sizes):
    return rng.integers(sizes.H, size=sizes.N)


def deep(**first):
    return draw(**first, W1="DH", b1="H", W2="HK", b2="K", W3="KH", b3="H", W4="HD", b4="D")


def k_sparse(module, rng, sizes):
    return module.KSparse(sizes.D, 7, 3), rng.normal(size=(sizes.N, sizes.D))


def denoiser(module, rng, sizes):
    x = rng.normal(size=(sizes.N, sizes.D))
    return module.DenoisingAE(sizes.D, sizes.H), {"x": x, "keep": keep("ND")(rng, sizes).astype(float)}


def siamese(module, rng, sizes):
    u, v = rng.normal(size=(2, sizes.N, sizes.D))
    return module.Siamese(sizes.D, sizes.H), {"u": u, "v": v}


def sparse_subclass(module, rng, sizes):
    model = module.Sparse([sizes.D, sizes.H], weight_decay=0.2, dtype="float64", rng=rng)
    return model, rng.random((sizes.N, sizes.D))


SIDE_BY_SIDE = draw(x="ND", W1="DH", b1="H", W2="HD", b2="D")
VAE = draw(
    x="ND", eps="NK", W1="DH", b1="H", Wmu="HK", bmu="K", Wlv="HK", blv="K", W2="KH", b2="H", W3="HD", b3="D"
)  # fmt: skip
VAE_NAMES = ["W1", "b1", "Wmu", "bmu", "Wlv", "blv", "W2", "b2", "W3", "b3"]
LAYER_NAMES = [f"{kind}{i}" for i in (1, 2, 3, 4) for kind in "Wb"]
WAYS = {
    "dense_layer": Pair("dense", "dense_backward", draw(x="ND", W="DH", b="H")),
    "sigmoid_dense": Pair("neuron", "neuron_backward", draw(x="ND", W="DH", b="H")),
    "relu_masked": Pair("relu", "relu_backward", draw(x="ND")),
    "leaky_where": Pair("leaky_relu", "leaky_relu_backward", draw(x="ND")),
    "tanh_from_output": Pair("activation", "activation_backward", draw(z="ND")),
    "softplus_stable": Pair("softplus", "softplus_backward", draw(x="ND")),
    "elu_cached": Cached("elu_forward", "elu_backward", draw(x="ND")),
    "swish_closure": Closure("swish", draw(x="ND")),
    "gelu_by_tanh": Pair("gelu", "gelu_backward", draw(x="ND")),
    "softmax_rows": Pair("softmax", "softmax_backward", draw(z="ND")),
    "softmax_jacobian_loop": Pair("softmax", "softmax_backward", draw(logits="ND")),
    "log_softmax_pair": Pair("log_softmax", "log_softmax_backward", draw(a="ND")),
    "cross_entropy_labels": LossOf("softmax_loss", draw(scores="NC", y=labels())),
    "cross_entropy_probabilities": Pair("nll", "nll_backward", draw(p=uniform("NC"), t=one_hot()), ["p"]),
    "mean_squared_error": Pair("mse", "mse_backward", draw(y_pred="ND", y_true="ND"), ["y_pred"]),
    "binary_cross_entropy_probabilities": LossOf("bce_loss", draw(y_hat=uniform("ND"), y=uniform("ND")), ["y_hat"]),
    "huber_pieces": Pair("huber", "huber_backward", draw(pred="ND", target="ND"), ["pred"]),
    "layer_norm_rows": Cached("layernorm_forward", "layernorm_backward", draw(x="ND", gamma="D", beta="D")),
    "batch_norm_long": Pair("batchnorm", "batchnorm_backward", draw(x="ND", gamma="D", beta="D")),
    "unit_rows": Pair("normalize", "normalize_backward", draw(x="ND")),
    "kl_to_normal": Pair("kl_divergence", "kl_divergence_backward", draw(mu="NK", logvar="NK")),
    "reparameterised_sample": Pair(
        "sample", "sample_backward", draw(mu="NK", logvar="NK", eps="NK"), ["mu", "logvar"]
    ),
    "sparsity_divergence": Pair("kl_sparse", "kl_sparse_backward", draw(h=uniform("NH"))),
    "weight_penalties": Pair("elastic", "elastic_backward", draw(W="DH")),
    "max_pool_pairs": Pair("max_pool", "max_pool_backward", draw(x=even_columns)),
    "mean_pool_time": Pair("mean_pool", "mean_pool_backward", draw(x="NHD")),
    "dropout_masked": Pair("dropout", "dropout_backward", draw(x="ND", mask=keep("ND"))),
    "embedding_lookup": Pair("embed", "embed_backward", draw(E="HD", idx=repeated_rows)),
    "gain_and_shift": LayerOf(lambda module, rng, s: (module.Scale(s.D), rng.normal(size=(s.N, s.D)))),
    "joined_halves": Pair("join", "join_backward", draw(a="NH", b="NK")),
    "cosine_loss": Pair("cosine", "cosine_backward", draw(u="ND", v="ND")),
    "attention_scores": Pair("scores", "scores_backward", draw(Q="NH", K="DH")),
    "hinge_margins": LossOf("svm_loss", draw(scores="NC", y=labels())),
    "ae_two_layers": Pair("forward", "backward", SIDE_BY_SIDE, ["W1", "b1", "W2", "b2"]),
    "ae_deep_lists": LossOf("network", deep(x=uniform("ND")), LAYER_NAMES),
    "ae_tied_weights": Cached("tied_forward", "tied_backward", draw(x="ND", W="DH", b="H", c="D")),
    "ae_denoising": Pair(
        "dae_forward", "dae_backward", draw(x="ND", noise="ND", We="DH", be="H", Wd="HD", bd="D"),
        ["We", "be", "Wd", "bd"],
    ),
    "ae_masked_noise": LayerOf(denoiser),
    "ae_sparse_columns": LossOf(
        "sparse_cost", draw(data=uniform("DN"), W1="HD", W2="DH", b1="H", b2="D"), ["W1", "W2", "b1", "b2"]
    ),
    "ae_sparse_absolute": Closure("sparse_ae", SIDE_BY_SIDE, ["W1", "b1", "W2", "b2"]),
    "ae_contractive": LossOf("contractive", draw(x="ND", W="DH", b="H", c="D"), ["W", "b", "c"]),
    "vae_functions": LossOf("vae_loss", VAE, VAE_NAMES),
    "vae_parameters": ModelOf(lambda module, rng, s: (module.MyVAE(s.D, s.H, s.K, rng), rng.random((s.N, s.D)))),
    "classifier_on_encoder": Cached(
        "forward", "backward",
        draw(X="ND", labels=labels(), W1="DH", b1="H", W2="HK", b2="K", W3="KC", b3="C"), LAYER_NAMES[:6],
    ),
    "residual_block_ae": Pair("block", "block_backward", SIDE_BY_SIDE),
    "my_sparse_model": ModelOf(lambda module, rng, s: (module.SparseModel(s.D, s.H, rng), rng.random((s.N, s.D)))),
    "my_subclasses": ModelOf(sparse_subclass),
    "linear_activation_caches": LossOf(
        "model",
        draw(
            X="DN", Y=uniform("CN"), W1="HD", b1=lambda rng, s: rng.normal(size=(s.H, 1)), W2="KH",
            b2=lambda rng, s: rng.normal(size=(s.K, 1)), W3="CK", b3=lambda rng, s: rng.normal(size=(s.C, 1)),
        ),
        LAYER_NAMES[:6],
    ),
    "k_sparse_code": LayerOf(k_sparse),
    "batch_norm_encoder": Closure("bn_encoder", draw(x="ND", W="DH", gamma="H", beta="H", V="HD")),
    "two_views_one_encoder": LayerOf(siamese),
    "dropout_autoencoder": Cached(
        "run", "run_backward", draw(x="ND", mask=keep("NH"), W1="DH", b1="H", W2="HD", b2="D"), ["W1", "b1", "W2", "b2"]
    ),
    "restore_and_classify": LossOf(
        "objective", draw(x="ND", t=one_hot(), We="DH", be="H", Wd="HD", bd="D", Wc="HC", bc="C"),
        ["We", "be", "Wd", "bd", "Wc", "bc"],
    ),
    "gelu_four_layers": LayerOf(lambda module, rng, s: (module.Net(s.D, s.H, s.K), rng.normal(size=(s.N, s.D)))),
    "bce_autoencoder": Pair(
        "forward", "backward", draw(x=uniform("ND"), params_W="DH", params_b="H", out_W="HD", out_b="D"),
        ["params_W", "params_b", "out_W", "out_b"],
    ),
    "stacked_tanh_layers": Pair("ae", "ae_backward", SIDE_BY_SIDE),
    "square_layers": Pair("forward", "backward", draw(x="HH", W1="HH", W2="HH")),
}  # fmt: skip
MISTAKES = [
    Wrong("function", "dense_bias_mean", "dense_layer", (11,), "The bias gradient is the mean over the batch, not the sum."),
    Wrong("function", "dense_bias_total", "dense_layer", (11,), "The bias gradient is summed over the units too."),
    Wrong("function", "dense_weights_averaged", "dense_layer", (10,), "The gradient of W is divided by the number of examples, which the forward doesn't do."),
    Wrong("function", "sigmoid_dense_slope_of_z", "sigmoid_dense", (11,), "The slope is written with z, the value before the sigmoid, in place of s."),
    Wrong("function", "sigmoid_dense_no_slope", "sigmoid_dense", (14,), "The bias gets the gradient behind the sigmoid, not the one before it."),
    Wrong("function", "relu_masked_by_gradient", "relu_masked", (10,), "The mask is taken from the upstream gradient, not from the input."),
    Wrong("function", "relu_masked_other_side", "relu_masked", (10,), "The positive inputs are masked in place of the negative ones."),
    Wrong("function", "leaky_without_gradient", "leaky_where", (9,), "Where x is negative the slope alpha is returned without the upstream gradient."),
    Wrong("function", "leaky_alpha_times_x", "leaky_where", (9,), "Where x is negative the gradient is alpha times x, which is the value and not the slope."),
    Wrong("function", "tanh_tanh_twice", "tanh_from_output", (9,), "The tanh of h is taken, but h is the tanh already."),
    Wrong("function", "tanh_with_sigmoid_slope", "tanh_from_output", (9,), "The slope is the sigmoid's, h (1 - h), and not that of tanh."),
    Wrong("function", "softplus_other_sign", "softplus_stable", (9,), "The exponent lost its minus, so the slope is sigmoid(-x)."),
    Wrong("function", "elu_slope_is_value", "elu_cached", (12,), "The slope of the negative part is y, where y + alpha is due."),
    Wrong("function", "elu_plus_one", "elu_cached", (12,), "The slope of the negative part is y + 1, which is right for alpha = 1 only."),
    Wrong("function", "swish_without_x", "swish_closure", (13,), "The x before the sigmoid's slope is missing."),
    Wrong("function", "swish_one_term", "swish_closure", (13,), "The product rule has two terms, and the first is left out."),
    Wrong("function", "gelu_three_missing", "gelu_by_tanh", (12,), "The 3 from the derivative of the cube is missing."),
    Wrong("function", "gelu_half_missing", "gelu_by_tanh", (14,), "The half in front of the second term is missing."),
    Wrong("function", "gelu_inner_forgotten", "gelu_by_tanh", (14,), "The inner derivative is forgotten."),
    Wrong("function", "softmax_diagonal", "softmax_rows", (12,), "Only the diagonal of the Jacobian is there: p (1 - p)."),
    Wrong("function", "softmax_sum_of_gradient", "softmax_rows", (11,), "The sum is that of the upstream gradient alone, without the probabilities."),
    Wrong("function", "softmax_over_batch", "softmax_rows", (11,), "The sum runs over the examples in place of the classes."),
    Wrong("function", "softmax_jacobian_plus", "softmax_jacobian_loop", (17,), "The outer product is added in the Jacobian, where it is to be subtracted."),
    Wrong("function", "log_softmax_no_sum", "log_softmax_pair", (11,), "The upstream gradient isn't summed over the classes."),
    Wrong("function", "cross_entropy_all_rows", "cross_entropy_labels", (11,), "The 1 is subtracted in the label's column of every example, not of its own alone."),
    Wrong("function", "cross_entropy_not_averaged", "cross_entropy_labels", (11, 12), "The loss is a mean over the batch, and the gradient isn't divided by N."),
    Wrong("function", "cross_entropy_plus_one", "cross_entropy_labels", (11,), "The 1 at the label is added and not subtracted."),
    Wrong("function", "nll_p_minus_t", "cross_entropy_probabilities", (10,), "This is the gradient of the logits, p - t, and the function takes probabilities."),
    Wrong("function", "mse_two_missing", "mean_squared_error", (9,), "The 2 of the square is missing."),
    Wrong("function", "mse_over_examples", "mean_squared_error", (9,), "It is divided by the number of examples, but the mean runs over all entries."),
    Wrong("function", "mse_sign", "mean_squared_error", (9,), "Target minus prediction has the wrong sign."),
    Wrong("function", "bce_y_hat_minus_y", "binary_cross_entropy_probabilities", (7,), "y_hat - y is the gradient before the sigmoid, not that of the probabilities."),
    Wrong("function", "bce_second_sign", "binary_cross_entropy_probabilities", (7,), "The second term has the wrong sign: the inner derivative of 1 - y_hat is forgotten."),
    Wrong("function", "bce_second_term_missing", "binary_cross_entropy_probabilities", (7,), "The term of the zeros is left out."),
    Wrong("function", "huber_without_delta", "huber_pieces", (13,), "Outside the slope is delta times the sign, and delta is missing."),
    Wrong("function", "huber_without_sign", "huber_pieces", (13,), "Outside the sign of the error is missing."),
    Wrong("function", "layer_norm_batch_size", "layer_norm_rows", (14,), "D is the number of examples, where the number of features is due."),
    Wrong("function", "layer_norm_mean_path", "layer_norm_rows", (18, 19), "The path through the mean is missing."),
    Wrong("function", "layer_norm_gamma_gradient", "layer_norm_rows", (15,), "The gradient of gamma lacks the normalised input."),
    Wrong("function", "batch_norm_ivar_power", "batch_norm_long", (19,), "The derivative of 1/sqrt(var) has the power 3, and here stands 2."),
    Wrong("function", "batch_norm_constants", "batch_norm_long", (21,), "Mean and variance are taken for constants."),
    Wrong("function", "batch_norm_mean_whole", "batch_norm_long", (21,), "The gradient of the mean reaches every example without the 1/N."),
    Wrong("function", "unit_rows_norm_constant", "unit_rows", (12,), "The norm is taken for a constant."),
    Wrong("function", "unit_rows_projection_of_x", "unit_rows", (11,), "The projection is on x, which isn't of length one."),
    Wrong("function", "kl_logvar_sign", "kl_to_normal", (12,), "The gradient of the log-variance has the wrong sign."),
    Wrong("function", "kl_of_sigma", "kl_to_normal", (12,), "exp(logvar / 2) is the standard deviation, and the variance is due."),
    Wrong("function", "kl_two_mu", "kl_to_normal", (11,), "The half is forgotten in front of the derivative of mu squared."),
    Wrong("function", "sample_half_missing", "reparameterised_sample", (10,), "The half of logvar / 2 is missing in its derivative."),
    Wrong("function", "sample_without_eps", "reparameterised_sample", (10,), "The noise is missing in the derivative."),
    Wrong("function", "sample_derivative_of_std", "reparameterised_sample", (10,), "This is the derivative by the standard deviation, and not by its logarithm."),
    Wrong("function", "sparsity_not_averaged", "sparsity_divergence", (13,), "rho_hat is a mean, so its gradient reaches each example divided by m, which is missing."),
    Wrong("function", "sparsity_each_example", "sparsity_divergence", (12,), "The activity of the single example stands where the mean activity is due."),
    Wrong("function", "sparsity_sign", "sparsity_divergence", (12,), "Both signs are turned round."),
    Wrong("function", "elastic_abs", "weight_penalties", (9,), "The derivative of |W| is its sign, and here stands |W|."),
    Wrong("function", "elastic_two", "weight_penalties", (9,), "There is a 2 too much: the forward has a half."),
    Wrong("function", "max_pool_to_all", "max_pool_pairs", (14,), "Both members of a pair get the gradient, also the one that lost."),
    Wrong("function", "max_pool_loser", "max_pool_pairs", (13,), "The smaller one of each pair gets the gradient."),
    Wrong("function", "mean_pool_not_divided", "mean_pool_time", (10,), "The mean's 1/T is missing."),
    Wrong("function", "mean_pool_batch", "mean_pool_time", (10,), "It is divided by the number of examples and not by that of the steps."),
    Wrong("function", "dropout_not_scaled", "dropout_masked", (9,), "The forward divides by 1 - p, and the backward doesn't."),
    Wrong("function", "embedding_repeated_rows", "embedding_lookup", (10,), "A row that is looked up twice gets one of its gradients only, since += on an index array doesn't add twice."),
    Wrong("function", "gain_forgotten_below", "gain_and_shift", (16,), "The gradient that goes on below lacks the gain."),
    Wrong("function", "gain_gradient_of_output", "gain_and_shift", (14,), "The gradient of the gain lacks the input."),
    Wrong("function", "joined_from_the_end", "joined_halves", (10,), "The parts are cut off from the wrong end: first the last columns for a."),
    Wrong("function", "cosine_norm_power", "cosine_loss", (14,), "The second term of u is divided by the norm, where its square is due."),
    Wrong("function", "cosine_other_vector", "cosine_loss", (15,), "The second term of v subtracts u along v's norm."),
    Wrong("function", "attention_scale_missing", "attention_scores", (11,), "The scale is missing for the keys."),
    Wrong("function", "hinge_correct_class", "hinge_margins", (11,), "The correct class gets -1, where minus the number of violated margins is due."),
    Wrong("network", "ae_square_of_h_missing", "ae_two_layers", (18,), "The slope of tanh is 1 - h squared, and the square is missing."),
    Wrong("network", "ae_two_missing", "ae_two_layers", (14,), "The 2 of the squared error is missing."),
    Wrong("network", "ae_bias_behind_activation", "ae_two_layers", (20,), "The bias of the encoder gets the gradient of h and not that before the activation."),
    Wrong("network", "ae_not_averaged", "ae_two_layers", (14,), "The loss is a mean over the examples, and n is missing."),
    Wrong("network", "ae_averaged_twice", "ae_two_layers", (15, 19), "Every weight gradient is divided by n again, which the error's gradient has had already."),
    Wrong("network", "ae_deep_slope_skipped", "ae_deep_lists", (21,), "The gradient that goes on below is taken before the sigmoid's slope was multiplied in."),
    Wrong("network", "ae_deep_slope_plus", "ae_deep_lists", (18,), "The sigmoid's slope is a (1 - a), and here stands a (1 + a)."),
    Wrong("network", "ae_deep_bias_mean", "ae_deep_lists", (20,), "The biases' gradients are averaged over the batch though the error was divided by it already."),
    Wrong("network", "ae_deep_tanh_slope", "ae_deep_lists", (18,), "The slope is that of tanh, 1 - a squared, and the layers are sigmoids."),
    Wrong("network", "tied_decoder_path_missing", "ae_tied_weights", (21,), "The weights are used twice, and the decoder's part of the gradient is left out."),
    Wrong("network", "tied_encoder_path_missing", "ae_tied_weights", (21,), "The weights are used twice, and the encoder's part of the gradient is left out."),
    Wrong("network", "tied_mean_of_paths", "ae_tied_weights", (21,), "The two parts are averaged and not added."),
    Wrong("network", "tied_target_forgotten", "ae_tied_weights", (22,), "x is the target too, and this path to x is left out."),
    Wrong("network", "tied_code_slope_missing", "ae_tied_weights", (18,), "The slope of the code's sigmoid is missing."),
    Wrong("network", "denoising_clean_input", "ae_denoising", (23,), "The encoder read the noisy input, and its gradient is written with the clean one."),
    Wrong("network", "denoising_noisy_target", "ae_denoising", (18,), "The error is taken against the noisy input, and the target is the clean one."),
    Wrong("network", "denoising_mask_forgotten", "ae_denoising", (22,), "The rectifier's mask is forgotten."),
    Wrong("network", "denoising_mask_of_gradient", "ae_denoising", (22,), "The rectifier's mask is that of the gradient, not that of its input."),
    Wrong("network", "masked_noise_input_mask", "ae_masked_noise", (25,), "What was silenced in the input gets a gradient."),
    Wrong("network", "masked_noise_clean_input", "ae_masked_noise", (23,), "The gradient of the encoder's weights is written with the undamaged input."),
    Wrong("network", "masked_noise_bias_before_slope", "ae_masked_noise", (24,), "The encoder's bias gets the gradient of h, before the slope of tanh."),
    Wrong("network", "sparse_beta_forgotten", "ae_sparse_columns", (18,), "The weight beta of the sparsity term is forgotten."),
    Wrong("network", "sparse_outside_brackets", "ae_sparse_columns", (19,), "The sparsity term is added behind the sigmoid's slope, not multiplied by it."),
    Wrong("network", "sparse_term_missing", "ae_sparse_columns", (19,), "The sparsity term is left out of the hidden layer's gradient."),
    Wrong("network", "sparse_sign_of_first", "ae_sparse_columns", (18,), "The first part of the sparsity term has the wrong sign."),
    Wrong("network", "sparse_decay_of_one", "ae_sparse_columns", (21,), "The decay of W1 is forgotten."),
    Wrong("network", "sparse_bias_total", "ae_sparse_columns", (22,), "The gradient of b2 isn't divided by the number of examples."),
    Wrong("network", "sparse_decay_averaged", "ae_sparse_columns", (20, 21), "The decay is divided by the number of examples too, in both layers."),
    Wrong("network", "absolute_not_averaged", "ae_sparse_absolute", (14,), "The sparsity's gradient isn't divided by the number of examples."),
    Wrong("network", "absolute_h_for_sign", "ae_sparse_absolute", (14,), "h stands where its sign is due."),
    Wrong("network", "absolute_subtracted", "ae_sparse_absolute", (14,), "The sparsity's gradient is subtracted."),
    Wrong("network", "absolute_after_slope", "ae_sparse_absolute", (15,), "The slope is that of h, tanh taken once more."),
    Wrong("network", "contractive_slope_path", "ae_contractive", (14, 15), "The penalty reaches the weights through the slopes too, and this path is left out."),
    Wrong("network", "contractive_direct_path", "ae_contractive", (17, 18), "The penalty's direct path to W is left out."),
    Wrong("network", "contractive_second_slope", "ae_contractive", (15,), "The derivative of h (1 - h) is 1 - 2h, and the 2 is missing."),
    Wrong("network", "contractive_slope_not_squared", "ae_contractive", (18,), "The slopes are squared in the penalty, and here they aren't."),
    Wrong("network", "contractive_two", "ae_contractive", (14,), "The 2 of the squared slope is missing."),
    Wrong("network", "vae_half_in_sampling", "vae_functions", (28,), "The half is missing in the derivative of the standard deviation."),
    Wrong("network", "vae_beta_of_mu", "vae_functions", (27,), "beta is forgotten in the gradient of mu."),
    Wrong("network", "vae_logvar_sign", "vae_functions", (28,), "The divergence's gradient of the log-variance has the wrong sign."),
    Wrong("network", "vae_sampling_stops", "vae_functions", (28,), "The sample doesn't pass its gradient on to the log-variance."),
    Wrong("network", "vae_one_head_into_trunk", "vae_functions", (33,), "The hidden layer gets the gradient of the mean's head alone."),
    Wrong("network", "vae_divergence_not_averaged", "vae_functions", (27, 28), "The divergence's gradient isn't divided by N, neither for mu nor for the log-variance."),
    Wrong("network", "vae_mean_for_sample", "vae_functions", (24,), "The decoder read the sample z, and its weights' gradient is written with mu."),
    Wrong("network", "vae_noise_missing", "vae_functions", (28,), "The noise is missing where the sample's gradient reaches the log-variance."),
    Wrong("network", "vae_variance_for_deviation", "vae_functions", (28,), "The variance stands where the standard deviation is due."),
    Wrong("network", "vae_sigmoid_twice", "vae_parameters", (36,), "The sigmoid's slope is multiplied in, but p - x is the gradient of the logits already."),
    Wrong("network", "vae_log_sigma_as_log_variance", "vae_parameters", (41,), "The sampling path is that of a log-variance, with a half, but ls is the logarithm of sigma."),
    Wrong("network", "vae_leaky_slope_missing", "vae_parameters", (47,), "The slope of the leaky rectifier is forgotten on the way to the encoder's weights."),
    Wrong("network", "vae_heads_swapped", "vae_parameters", (46,), "Each head's gradient is sent through the weights of the other."),
    Wrong("network", "vae_bias_of_code_missing", "vae_parameters", (44, 45), "The bias of the spread's head never gets its gradient."),
    Wrong("network", "classifier_all_labels", "classifier_on_encoder", (25,), "The 1 is subtracted in the labels' columns of all examples."),
    Wrong("network", "classifier_not_averaged", "classifier_on_encoder", (26,), "The loss is a mean over the examples and N is missing."),
    Wrong("network", "classifier_mask_missing", "classifier_on_encoder", (33, 34), "The first rectifier's mask is left out."),
    Wrong("network", "classifier_mask_of_other_sign", "classifier_on_encoder", (30,), "The mask silences the active units of the second layer."),
    Wrong("network", "classifier_decay_doubled", "classifier_on_encoder", (27, 31, 35), "The penalties have a half in the forward, and here a 2 stands before them, in every layer."),
    Wrong("network", "classifier_probability_kept", "classifier_on_encoder", (24, 25), "The label's 1 is never subtracted."),
    Wrong("network", "residual_skip_missing", "residual_block_ae", (16,), "The skip connection's gradient is left out."),
    Wrong("network", "residual_skip_only", "residual_block_ae", (16,), "Only the skip connection's gradient is there."),
    Wrong("network", "residual_skip_twice", "residual_block_ae", (16,), "The skip connection's gradient is counted twice."),
    Wrong("network", "model_penalty_below_activation", "my_sparse_model", (27, 28), "The penalty on the code is added below the activation, not above it."),
    Wrong("network", "model_activation_skipped", "my_sparse_model", (27, 28), "The activation's backward is never called."),
    Wrong("network", "model_decay_overwrites", "my_sparse_model", (31,), "The decay overwrites the decoder's gradient in place of being added."),
    Wrong("network", "model_decay_before_backward", "my_sparse_model", (29, 30), "The decay is added to the encoder's gradient before the layer's backward writes it, and is lost."),
    Wrong("network", "subclass_penalty_forgotten", "my_subclasses", (7, 8), "The sparsity's gradient is never added."),
    Wrong("network", "subclass_penalty_subtracted", "my_subclasses", (8,), "The sparsity's gradient is subtracted."),
    Wrong("network", "subclass_decay_forgotten", "my_subclasses", (9,), "The weight decay's backward is never called."),
    Wrong("network", "subclass_encoder_without_penalty", "my_subclasses", (8,), "The encoder gets the sparsity's gradient alone."),
    Wrong("network", "caches_dA_averaged", "linear_activation_caches", (14,), "The gradient that goes to the layer below is divided by m too, so it shrinks at every layer."),
    Wrong("network", "caches_bias_keeps_examples", "linear_activation_caches", (13,), "The bias gradient is summed over the units, not over the examples."),
    Wrong("network", "caches_sigmoid_twice", "linear_activation_caches", (25,), "AL - Y is the gradient before the sigmoid, and the sigmoid's slope is multiplied in once more."),
    Wrong("network", "caches_square_missing", "linear_activation_caches", (27,), "The square of tanh is missing in the second layer's slope."),
    Wrong("network", "caches_sigmoid_slope_for_tanh", "linear_activation_caches", (29,), "The first layer's slope is a sigmoid's, and the layer is a tanh."),
    Wrong("network", "k_sparse_mask_missing", "k_sparse_code", (22, 23), "The units that were switched off get gradients."),
    Wrong("network", "k_sparse_other_units", "k_sparse_code", (23,), "The mask is turned round: only the units that were switched off learn."),
    Wrong("network", "k_sparse_mask_times_code", "k_sparse_code", (23,), "The code stands where its mask is due."),
    Wrong("network", "bn_encoder_gamma_missing", "batch_norm_encoder", (18,), "gamma is missing on the way to the normalisation."),
    Wrong("network", "bn_encoder_no_statistics", "batch_norm_encoder", (19,), "Mean and variance are taken for constants."),
    Wrong("network", "bn_encoder_wrong_axis", "batch_norm_encoder", (19,), "The sums run over the units, not over the batch."),
    Wrong("network", "siamese_second_overwrites", "two_views_one_encoder", (22,), "The second view's gradient overwrites the first one's."),
    Wrong("network", "siamese_own_factor", "two_views_one_encoder", (18,), "The product rule needs the other view's code, and its own stands there."),
    Wrong("network", "siamese_input_of_other", "two_views_one_encoder", (22,), "The second view's gradient is written with the first view's input."),
    Wrong("network", "dropout_ae_mask_missing", "dropout_autoencoder", (13,), "The dropped units get gradients."),
    Wrong("network", "dropout_ae_scale_missing", "dropout_autoencoder", (13,), "What was kept was scaled by 1/(1-p), and the backward forgets it."),
    Wrong("network", "dropout_ae_code_before_dropout", "dropout_autoencoder", (17,), "The decoder read the code after dropout, and its gradient is written with the one before."),
    Wrong("network", "two_tasks_one_forgotten", "restore_and_classify", (14,), "The classifier's gradient never reaches the encoder."),
    Wrong("network", "two_tasks_alpha_swapped", "restore_and_classify", (13,), "alpha and 1 - alpha are swapped at the classifier."),
    Wrong("network", "two_tasks_target_minus", "restore_and_classify", (13,), "Target minus probability has the wrong sign."),
    Wrong("network", "two_tasks_diagonal", "restore_and_classify", (13,), "Only the diagonal of the softmax's Jacobian is used: -t (1 - q)."),
    Wrong("network", "gelu_net_exponent", "gelu_four_layers", (12,), "The half in the density's exponent is missing."),
    Wrong("network", "gelu_net_pi", "gelu_four_layers", (12,), "The root of 2 pi is written without the 2."),
    Wrong("network", "gelu_net_factor_a", "gelu_four_layers", (13,), "The a before the density is missing."),
    Wrong("network", "gelu_net_cdf_only", "gelu_four_layers", (13,), "The derivative of the distribution function is left out."),
    Wrong("network", "gelu_net_bias_first_example", "gelu_four_layers", (27,), "The bias gets the first example's gradient alone."),
    Wrong("network", "bce_ae_slope_twice", "bce_autoencoder", (18,), "The sigmoid's slope is multiplied in though out - x contains it."),
    Wrong("network", "bce_ae_hidden_slope_of_out", "bce_autoencoder", (19,), "The sigmoid is taken once more of what is a sigmoid's value already."),
    Wrong("network", "bce_ae_sign", "bce_autoencoder", (18,), "Input minus output has the wrong sign."),
    Wrong("network", "stacked_stale_gradient", "stacked_tanh_layers", (14,), "The first layer's gradient starts from the upstream one without the second layer's slope."),
    Wrong("network", "stacked_bias_before_slope", "stacked_tanh_layers", (16,), "The first bias gets the gradient of h1, without the slope of the first tanh."),
    Wrong("network", "stacked_slope_of_wrong_layer", "stacked_tanh_layers", (13,), "x stands where the layer's own output is due in the slope."),
    Wrong("network", "square_not_transposed", "square_layers", (13,), "The transpose is missing where the gradient goes through the second layer."),
    Wrong("network", "square_weights_of_other_layer", "square_layers", (13,), "The gradient goes through the first layer's weights, where the second's are due."),
    Wrong("network", "square_gradient_transposed", "square_layers", (14,), "The product of the second weights' gradient is taken the wrong way round, which transposes it."),
    Wrong("network", "square_input_for_hidden", "square_layers", (14,), "The second layer read h, and its gradient is written with x."),
]
