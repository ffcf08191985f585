"""The third blind set: right programs as strangers write them, and how each is checked.

    third_code/PROGRAM.py, third_mistakes.py -> THIRD, as sets.py has them

The programs are autoencoders, variational ones, a classifier, recurrent cells, attention, normalisations, factors of
ratings, a contrastive loss, a random field, convolutions on a graph. Their facts come from papers and public habits.
"""

import numpy as np
from sets import ProgramSet
from third_mistakes import MISTAKES
from ways import (
    ArrayFunctions,
    LayerOf,
    LossAndGradients,
    Pair,
    SeveralOutputs,
    draw,
    flat,
    integers,
    normal,
    number,
    one,
    one_hot,
    uniform,
)


def denoising(module, rng, sizes):
    layer = module.DenoisingAutoEncoder(sizes.D, sizes.H, sizes.N)
    layer.weight_cost = float(rng.uniform(0.01, 0.1))
    return layer, rng.normal(size=(sizes.D, sizes.N))


def attention(module, rng, sizes):
    return module.CausalSelfAttention(sizes.D, sizes.H), rng.normal(size=(2, sizes.N, sizes.D))


def maxout(module, rng, sizes):
    return module.WNMaxout(sizes.D, sizes.H, sizes.K), rng.normal(size=(sizes.N, sizes.D))


def links(rng, sizes):
    """Return which nodes of a graph are neighbours."""
    half = np.triu(rng.integers(2, size=(sizes.N, sizes.N)), 1)
    return half + half.T


def targets(rng, sizes):
    return one_hot()(rng, sizes).T


WAYS = {
    "sparse_by_example": LossAndGradients(
        "saeCost",
        draw(
            theta=flat("HD", "DH", "H", "D"), visible=one("D"), hidden=one("H"), data=uniform("DN"),
            lam=number(0.05, 0.3), rho=number(0.02, 0.2), beta=number(0.5, 3),
        ),
        ["theta"],
    ),
    "denoising_class": LayerOf(denoising),
    "contractive_pair": Pair(
        "cae_loss", "cae_grads", draw(X="ND", W="DH", b="H", c="D", lam=number(0.1, 0.6)), ["W", "b", "c"]
    ),
    "vae_dict": LossAndGradients(
        "vae_step",
        draw(
            x=uniform("ND"), eps="NK", W_enc="DH", b_enc="H", W_mu="HK", b_mu="K", W_logvar="HK", b_logvar="K",
            W_dec="KH", b_dec="H", W_out="HD", b_out="D", beta=number(1, 3),
        ),
        ["W_enc", "b_enc", "W_mu", "b_mu", "W_logvar", "b_logvar", "W_dec", "b_dec", "W_out", "b_out"],
    ),
    "scale_decoder": ArrayFunctions(
        "decoder_nll", None, draw(z="NK", x="ND", W="KH", b="H", M="HD", m="D", S="HD", s="D")
    ),
    "l_layer_model": LossAndGradients(
        "L_model",
        draw(
            X="DN", Y=targets, W1="HD", b1=normal("H", 1), W2="HH", b2=normal("H", 1), W3="CH", b3=normal("C", 1),
            lambd=number(0.2, 0.9), smoothing=number(0.05, 0.3),
        ),
        ["W1", "b1", "W2", "b2", "W3", "b3"],
    ),
    "elman_flat": LossAndGradients(
        "rnn_loss",
        draw(theta=flat("HD", "HH", "H", "KH", "K"), inputs="ND", targets="NK", hidden_size=one("H")),
        ["theta"],
    ),
    "peephole_step": SeveralOutputs(
        "lstm_step_forward", "lstm_step_backward",
        draw(
            x="ND", prev_h="NH", prev_c="NH", Wx=normal("D", "4H", scale=1.0), Wh=normal("H", "4H", scale=1.0),
            b=normal("4H"), pi="H", pf="H", po="H",
        ),
    ),
    "causal_attention": LayerOf(attention),
    "rms_swiglu": ArrayFunctions(
        "ffn_forward", "ffn_backward", draw(x="ND", gain="D", w1="DH", w3="DH", w2="HD")
    ),
    "weight_norm_maxout": LayerOf(maxout),
    "rating_factors": LossAndGradients(
        "loss_and_grads",
        draw(
            P="DK", Q="CK", bu="D", bi="C", users=integers("N", "D"), items=integers("N", "C"),
            ratings=integers("N", 6), reg=number(0.02, 0.2),
        ),
        ["P", "Q", "bu", "bi"],
    ),
    "nt_xent": Pair("nt_xent", "nt_xent_backward", draw(za="ND", zb="ND", t=number(0.3, 0.8)), ["za", "zb"]),
    "crf_tagger": LossAndGradients("crf_nll", draw(emit="NK", trans="KK", start="K", tags=integers("N", "K"))),
    "graph_conv": ArrayFunctions(
        "gcn", None, draw(adj=links, X="ND", W0="DH", b0="H", W1="HH", b1="H", W2="HC", b2="C")
    ),
}  # fmt: skip

# How each takes its inputs and gives its gradients.
STYLES = {
    "sparse_by_example": "flat theta", "elman_flat": "flat theta",
    "vae_dict": "loss and gradients", "l_layer_model": "loss and gradients",
    "rating_factors": "loss and gradients", "crf_tagger": "loss and gradients",
    "denoising_class": "class", "causal_attention": "class", "weight_norm_maxout": "class",
    "scale_decoder": "closure", "graph_conv": "closure",
    "rms_swiglu": "cache", "peephole_step": "several outputs",
    "contractive_pair": "pair", "nt_xent": "pair",
}  # fmt: skip

# Causes that the checker names falsely.
FALSE = {}

THIRD = ProgramSet("third", "15 programs, human mistakes, looked at since", WAYS, STYLES, MISTAKES, FALSE)
