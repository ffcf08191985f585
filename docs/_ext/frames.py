"""Which live page stands on which tutorial's page, below which of its figures: the one place that says so.

A frame is the playground or a step page, below `_static/`; how it is shown is in site_frames.py. Tutorials 4, 10 and 12
have none: no live page shows a GELU, a deep stack or a GPU.
"""

from typing import NamedTuple

PLAYGROUND, STEPS = "playground.html", "steps/"


class Frame(NamedTuple):
    """A live page on a tutorial's page.

    `figure` is a text in the code cell of the figure, mostly its title; `page` and `state` are the address, without
    what makes it a frame; `shows` are the playground's views and controls that the frame has.
    """

    tutorial: str
    figure: str
    page: str
    state: str
    caption: str
    shows: str = ""

    def address(self, language):
        """Return the frame's address below `_static/`, in a language of the pages."""
        if self.page == PLAYGROUND:
            return f"{self.page}?language={language}&{self.state}&embed={self.shows}"
        return f"{self.page}?language={language}#{self.state}&embed"

    @property
    def whole(self):
        """The address of the same page in the whole window, with all its controls."""
        return f"{self.page}{'?' if self.page == PLAYGROUND else '#'}{self.state}"


FRAMES = (
    Frame(
        "01_manifolds", "The autoencoder keeps neighbours together; PCA sees only a shadow", PLAYGROUND,
        "data=spiral&variant=vanilla&hidden=24",
        "The roll, seen from its end, in one number: PCA has only the dashed line, and within seconds the "
        "blue line bends along the points.", "output,loss,sizes",
    ),
    Frame(
        "02_one_step_by_hand", "print(step)", f"{STEPS}by-hand.html", "step-0",
        "This very step: go through it with the arrow keys, and click a number to see the product and the sum "
        "that it is.",
    ),
    Frame(
        "03_dense_backward", "grad_x_hat = f.squared_error_backward", f"{STEPS}dense.html", "step-9",
        "The gradient of this very autoencoder for its first weights: click one of its numbers to see its sum "
        "over the examples.",
    ),
    Frame(
        "05_checking_a_gradient", "class Forgetful", f"{STEPS}sparse.html",
        "step-16&wrong=model:museum:%20%E2%88%82J/%E2%88%82h1%20(sparsity)%20left%20out",
        "The same bug in another small model: the encoder's gradients are marked as wrong, with the right "
        "numbers above, and the panel shows what the check says.",
    ),
    Frame(
        "06_linear_is_pca", "angle = largest_principal_angle", PLAYGROUND,
        "data=digits&activation=linear&code=8",
        "Without an activation, the error falls to PCA's with eight numbers and no further; choose tanh, and "
        "it falls below.", "output,loss,sizes",
    ),
    Frame(
        "07_denoising", "Every arrow points to where the data are", PLAYGROUND,
        "data=ring&variant=denoising&code=2&hidden=24",
        "Watch the arrows turn to the ring while it trains; then set σ to 0, and they nearly vanish.",
        "output,particular",
    ),
    Frame(
        "08_sparsity", "The penalty brings mean activities near", PLAYGROUND, "data=digits&variant=kl&code=32",
        "The grey bars, the units' mean activities, come down to the dashed line at ρ; raise ρ, and they "
        "follow.", "code,network,particular",
    ),
    Frame(
        "09_tied_and_contractive", "def both_paths", f"{STEPS}contractive.html", "step-23",
        "In a whole step, too, the gradient for W1 is the sum of two paths: click a number to see the "
        "penalty's direct part beside the part that comes through the layer.",
    ),
    Frame(
        "11_ae_against_vae", "An autoencoder's codes lie anywhere, a VAE's near 0", PLAYGROUND,
        "data=digits&variant=vae",
        "The codes gather within the dashed circles, and the samples begin to look like digits; drag through "
        "the plane of codes to decode what lies between them.", "output,code,particular",
    ),
    Frame(
        "13_choosing_and_mending", "except ae.TrainingDivergedError", PLAYGROUND,
        "data=digits&rule=sgd&rate=3&activation=linear",
        "After a few steps the loss is infinite, and the training stops; lower the learning rate and press "
        "Train, and the loss falls.", "loss,rule",
    ),
    Frame(
        "13_choosing_and_mending", "The fewer the units, the more blurred the digits", PLAYGROUND,
        "data=digits&variant=vanilla&code=2&hidden=64",
        "With two code units the restored digits stay blurred; raise the code units to eight, and they become "
        "sharp.", "output,loss,sizes",
    ),
    Frame(
        "14_straight_through", "Sixteen entries, decoded: each is the mean of its group", PLAYGROUND,
        "data=digits&variant=vq&K=16&hidden=64",
        "Each coloured cell is one entry of the codebook; drag through the plane, and the decoded image "
        "changes only from cell to cell.", "output,code,particular",
    ),
    Frame(
        "15_sparse_dictionaries", "silent[name]", PLAYGROUND, "data=digits&variant=topk&code=48&k=8",
        "After some seconds many units have no grey bar: they are silent for all digits; raise k, and some of "
        "them stay so.", "code,network,particular",
    ),
    Frame(
        "16_bounds", '"beta = 1, warm-up"', PLAYGROUND, "data=digits&variant=vae&code=8&beta=1&hidden=64",
        "At β = 1 the code collapses, and every digit comes back as the mean digit; lower β below 0.1, and "
        "the digits return.", "output,code,particular",
    ),
)  # fmt: skip
