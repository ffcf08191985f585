"""The second blind set: right programs as strangers write them, and how each is checked.

    second_code/PROGRAM.py, second_mistakes.py -> SECOND, as sets.py has them

The programs are autoencoders, variational ones, classifiers, recurrent cells, attention, normalisations, mixtures,
embeddings, an RBM. Their facts come from papers and public habits.
"""

from typing import Any, NamedTuple

from second_mistakes import MISTAKES
from sets import ProgramSet
from ways import (
    SIZES,
    ArrayFunctions,
    LayerOf,
    LossAndGradients,
    Pair,
    Sizes,
    bits,
    draw,
    flat,
    integers,
    normal,
    one,
    uniform,
)

from aescratch.inspection.gradcheck.report import Report


class JudgedOtherwise(NamedTuple):
    """A layer whose repairs are judged at other settings than the checked one's: what is true of one isn't a cause."""

    checked: LayerOf
    judged: LayerOf

    def check(self, module: Any, sizes: Sizes = SIZES[0], **options: Any) -> Report:
        return self.checked.check(module, sizes, **options)

    def gradients(self, module, seed, sizes):
        return self.judged.gradients(module, seed, sizes)


def gaussian_vae(module, rng, sizes):
    vae = module.GaussianVAE(sizes.D, sizes.H, sizes.K, sizes.N)
    vae.noise.flags.writeable = False  # the check asks for it: the noise isn't trained
    return vae, rng.normal(size=(sizes.N, sizes.D))


def gaussian_vae_of_other_beta(module, rng, sizes):
    vae, x = gaussian_vae(module, rng, sizes)
    vae.beta = rng.uniform(1, 2)
    return vae, x


def multi_head(module, rng, sizes):
    return module.MultiHeadSelfAttention(sizes.D, sizes.H, sizes.K), rng.normal(size=(3, sizes.N, sizes.D))


def highway(module, rng, sizes):
    return module.HighwayStack(sizes.D, 3), rng.normal(size=(sizes.N, sizes.D))


def triplet(module, rng, sizes):
    x = {name: rng.normal(size=(sizes.N, sizes.D)) for name in ("anchor", "positive", "negative")}
    return module.TripletNet(sizes.D, sizes.H), x


WAYS = {
    "linear_decoder": LossAndGradients(
        "linearDecoderCost",
        draw(theta=flat("HD", "DH", "H", "D"), visibleSize=one("D"), hiddenSize=one("H"), data="DN"),
        ["theta"],
    ),
    "denoising_tied": LossAndGradients(
        "dA_cost_and_grads", draw(x=uniform("ND"), mask=bits("ND"), W="DH", bhid="H", bvis="D"), ["W", "bhid", "bvis"]
    ),
    "contractive_loop": LossAndGradients("cae", draw(theta=flat("HD", "H", "D"), X="ND", n_hidden=one("H")), ["theta"]),
    "conv_autoencoder": LossAndGradients(
        "conv_autoencoder",
        draw(images="NDC", kernels=normal("K", 2, 2), kb="K", dec=normal("K", 2, 2), c=normal(1)),
        ["kernels", "kb", "dec", "c"],
    ),
    "vae_columns": LossAndGradients(
        "vae",
        draw(
            X=uniform("DN"), eps="KN", W1="HD", b1=normal("H", 1), Wmu="KH", bmu=normal("K", 1), Wsig="KH",
            bsig=normal("K", 1), W2="HK", b2=normal("H", 1), W3="DH", b3=normal("D", 1),
        ),
        ["W1", "b1", "Wmu", "bmu", "Wsig", "bsig", "W2", "b2", "W3", "b3"],
    ),
    "gaussian_vae_class": JudgedOtherwise(LayerOf(gaussian_vae), LayerOf(gaussian_vae_of_other_beta)),
    "dropout_classifier": LossAndGradients(
        "cost_and_gradients",
        draw(
            X="DN", Y=lambda rng, sizes: rng.integers(2, size=(1, sizes.N)), D1=bits("HN"), D2=bits("CN"),
            W1="HD", b1=normal("H", 1), W2="CH", b2=normal("C", 1), W3=normal(1, "C"), b3=normal(1, 1),
        ),
        ["W1", "b1", "W2", "b2", "W3", "b3"],
    ),
    "mixture_of_experts": ArrayFunctions(
        "moe_loss", None, draw(x="ND", y=integers("NK", 4), V="DH", U="HDK")
    ),
    "mixture_density": Pair("mdn_loss", "mdn_loss_grad", draw(out=normal("N", "3K"), t=normal("N", 1)), ["out"]),
    "coupled_lstm": ArrayFunctions(
        "lstm_forward", "lstm_backward",
        draw(x="HND", h0="NK", c0="NK", W=normal("D", "3K"), R=normal("K", "3K"), b=normal("3K")),
    ),
    "bidirectional_tagger": LossAndGradients(
        "tagger",
        draw(
            words=integers("N", "C"), tags=integers("N", "K"), E=normal("C", "D"), Wf="HD", Uf="HH", Wb="HD", Ub="HH",
            V="KH", by="K",
        ),
    ),
    "additive_attention": ArrayFunctions("attend", None, draw(q="NH", keys="NCD", Wq="HK", Wk="DK", v="K")),
    "multi_head": LayerOf(multi_head),
    "transformer_mlp": ArrayFunctions(
        "block_forward", "block_backward", draw(x="ND", gamma="D", beta="D", W1="DH", b1="H", W2="HD", b2="D")
    ),
    "group_norm": ArrayFunctions(
        "groupnorm_forward", "groupnorm_backward",
        draw(
            x=normal("N", "3K", "H", "D", scale=1.0), gamma=normal(1, "3K", 1, 1), beta=normal(1, "3K", 1, 1), G=3
        ),
    ),
    "glove": LossAndGradients("glove_cost", draw(X=integers("CC", 25), W="CD", U="CD", b="C", c="C"), ["W", "U", "b", "c"]),
    "rbm_free_energy": LossAndGradients(
        "cd_objective", draw(v0=bits("ND"), vk=bits("CD"), W="DH", bv="D", bh="H"), ["W", "bv", "bh"]
    ),
    "highway_stack": LayerOf(highway),
    "pca_linear": LossAndGradients("pca_loss", draw(X="DN", W="DH", mu=normal("D", 1)), ["W", "mu"]),
    "triplet_net": LayerOf(triplet),
}  # fmt: skip

# How each takes its inputs and gives its gradients.
STYLES = {
    "linear_decoder": "flat theta", "contractive_loop": "flat theta",
    "denoising_tied": "loss and gradients", "conv_autoencoder": "loss and gradients",
    "vae_columns": "loss and gradients", "dropout_classifier": "loss and gradients",
    "bidirectional_tagger": "loss and gradients", "glove": "loss and gradients",
    "rbm_free_energy": "loss and gradients", "pca_linear": "loss and gradients",
    "gaussian_vae_class": "class", "multi_head": "class", "highway_stack": "class", "triplet_net": "class",
    "mixture_of_experts": "closure", "additive_attention": "closure",
    "coupled_lstm": "cache", "transformer_mlp": "cache", "group_norm": "cache",
    "mixture_density": "pair",
}  # fmt: skip


SECOND = ProgramSet("second", "20 programs, human mistakes", WAYS, STYLES, MISTAKES)
