# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 5. Checking a gradient
#
# **You will know** how far a difference quotient can be trusted, what kinks and noise do to it, how to read a gradient
# check that fails, and which mistakes no gradient check will ever find.
#
# **In one line:** the best step is near $10^{-5}$, and no check of gradients sees a sampler that draws the wrong
# variance.
#
# **You need** tutorial 3, or to know what a `*_backward` function returns.

# %%
import matplotlib.pyplot as plt
import numpy as np

import aescratch as ae

f = ae.functions

# %% [markdown]
# ## The step: not too large, not too small
#
# The derivative is a limit, $(f(a+h) - f(a)) / h$ for $h \to 0$. A computer can't take the limit. Taylor's formula
# gives the error of a finite $h$:
#
# $$\frac{f(a+h) - f(a)}{h} = f' + \tfrac12 h f'' + \dots, \qquad
# \frac{f(a+h) - f(a-h)}{2h} = f' + \tfrac16 h^2 f''' + \dots$$
#
# The second, *central* quotient is better: its error falls with $h^2$. Rounding limits both. $f(a \pm h)$ is known to
# about $\varepsilon = 2^{-52}$ relative to its size, and the difference is divided by $h$: an error of $\varepsilon /
# h$, which *grows* as $h$ shrinks. We measure all this on tanh, whose slope is $1 - y^2$.

# %%
a = np.linspace(0.2, 2, 50)  # fifty points, to show the median: a single point can be accidentally accurate
slope = f.tanh_slope(a)
steps = 10.0 ** np.arange(-14, 0.1, 0.25)


def median_errors(steps, dtype):
    """Median relative errors of the one-sided and the central quotient of tanh, for all steps, in one precision."""
    steps, here = steps.astype(dtype)[:, None], a.astype(dtype)
    up, down = here + steps, here - steps
    one_sided = (np.tanh(up) - np.tanh(here)) / (up - here)
    central = (np.tanh(up) - np.tanh(down)) / (up - down)
    return (np.median(np.abs(quotient / slope - 1), axis=1) for quotient in (one_sided, central))


one_sided, central = median_errors(steps, np.float64)
coarse_steps = steps[steps > 1e-6]
_, central_single = median_errors(coarse_steps, np.float32)

fig, ax = plt.subplots(figsize=(8, 5), layout="compressed")
ax.set_title("A smaller step is not a better one: the best lies near $10^{-5}$", fontsize=15)
ax.loglog(steps, one_sided, "-.", color="#0072B2", linewidth=2, label="one-sided, float64")
ax.loglog(steps, central, color="#D55E00", linewidth=2, label="central, float64")
ax.loglog(coarse_steps, central_single, color="#717581", linewidth=2, linestyle="--", label="central, float32")
ax.set_xlabel("step h", fontsize=14)
ax.set_ylabel("relative error of the quotient", fontsize=14)
ax.legend(fontsize=13, frameon=False, loc="lower left")
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# Read the picture from the right. The errors fall with slopes of 1 and 2, that is, with $h$ and $h^2$. Then rounding
# dominates, and the curves rise again. The best central step is near $\varepsilon^{1/3} \approx 6 \cdot 10^{-6}$, and
# gives eleven digits. In float32 no step gives more than about five. So: **central differences, in float64, with a step
# near $10^{-5}$.**

# %%
straight = (steps > 1e-3) & (steps < 1e-1)
powers = [np.polyfit(np.log(steps[straight]), np.log(error[straight]), 1)[0] for error in (one_sided, central)]
assert np.allclose(powers, [1, 2], atol=0.05)

best = steps[central.argmin()]
print(f"best step {best:.0e}, error {central.min():.0e}; in float32 at best {central_single.min():.0e}")
assert 1e-6 < best < 3e-5
assert central.min() < 1e-10
assert central[steps < 1e-12].min() > 1e-5  # a smaller step is not a better one
assert central_single.min() > 1e-6

# %% [markdown]
# ## The check
#
# `ae.check_function` takes a forward, a backward and inputs. It draws a random upstream gradient, changes every entry
# of every input a little, and compares. If the quotient's own error dominates, it tries other steps before it gives a
# verdict.

# %%
rng = np.random.default_rng(0)
x = rng.normal(size=(7, 5))

assert ae.check_function(f.tanh, f.tanh_backward, {"a": x}).verdict == "pass"


def squareless_backward(grad_y, y):
    """1 - y where 1 - y² belongs."""
    return grad_y * (1 - y)


report = ae.check_function(f.tanh, squareless_backward, {"a": x})
print(report)
(tensor,) = report.tensors
assert report.verdict == "fail"
assert tensor.count("fail") == x.size

# %% [markdown]
# The report begins with the error and, if the source can be read, the wrong line. The numbers often identify the
# mistake. Here the ratio of the right value to the returned value is $(1-y^2)/(1-y) = 1+y$:

# %%
assert np.allclose(tensor.numeric / tensor.analytic, 1 + np.tanh(x), rtol=1e-6)

# %% [markdown]
# ## Kinks
#
# ReLU has no derivative at 0. A central quotient across the kink always gives ½, so a check that ignores kinks rejects
# right code. This check compares the slopes on both sides. If they stay different as the step shrinks, there is a kink,
# and any value between the two slopes is accepted.

# %%
at_kink = x.copy()
at_kink[2, 3] = 0.0
kinked = ae.check_function(f.relu, f.relu_backward, {"a": at_kink}).tensors[0]
assert (np.maximum(1e-5, 0) - np.maximum(-1e-5, 0)) / 2e-5 == 0.5
assert kinked.verdict == "pass"
assert kinked.verdicts[2, 3] == "kink"
assert kinked.slopes[2, 3].min() == 0 or kinked.slopes[2, 3].max() == 0  # on one side ReLU is flat

# If all entries are at kinks, nothing has been checked, and the verdict is neither pass nor fail:
assert ae.check_function(f.relu, f.relu_backward, {"a": np.zeros((7, 5))}).verdict == "inconclusive"

# %% [markdown]
# ## Noise
#
# A denoising autoencoder draws new noise at every call. Then $f(a+h)$ and $f(a-h)$ differ by the noise, and dividing by
# $2h$ makes this difference huge. The solution is a seed: both evaluations use the *same* noise.

# %%
model = ae.DenoisingAutoencoder([5, 3], ae.GaussianNoise(0.3), activation=ae.GELU, dtype="float64", rng=0)
bias = model.parameters[1]


def quotient(step, **noise):
    """The central quotient of the loss for the first bias."""
    start = bias.value.copy()
    losses = []
    for sign in (1, -1):
        bias.value = start + sign * step * np.eye(3)[0]
        losses.append(float(model.loss(x, **noise)))
    bias.value = start
    return (losses[0] - losses[1]) / (2 * step)


model.loss(x, rng=3)
model.backward()
gradient = float(bias.grad[0])
frozen, loose = quotient(1e-5, rng=3), quotient(1e-5)
print(f"backward {gradient:.8f}   noise frozen {frozen:.8f}   noise drawn anew {loose:.1f}")
assert np.isclose(frozen, gradient, rtol=1e-7)
assert abs(loose) > 100 * abs(gradient)
assert ae.check_gradients(model, x, rng=3).verdict == "pass"  # it freezes the noise

# %% [markdown]
# ## The planted bug
#
# This sparse autoencoder lacks one line of `backward`. It trains, the loss falls, and the reconstructions look
# acceptable. The check finds the error, and the table shows where it is: the decoder is right and the encoder is wrong,
# so the gradient becomes wrong *between* them, at the code. There the gradient of the penalty is missing.


# %%
class Forgetful(ae.SparseAutoencoder):
    """A sparse autoencoder whose backward lacks the line of the penalty."""

    def backward(self):
        """Fill the gradients, without the penalty's."""
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.backward(grad_h)
        self.decay.backward()


batch = rng.random((7, 5))
planted = ae.check_gradients(Forgetful([5, 3], ae.KLSparsity(0.05, 0.5), rng=0), batch)
verdicts = {tensor.name: tensor.verdict for tensor in planted.tensors}
print(verdicts)
assert {name for name, verdict in verdicts.items() if verdict == "fail"} == {"encoder.W1", "encoder.b1"}
assert ae.check_gradients(ae.SparseAutoencoder([5, 3], ae.KLSparsity(0.05, 0.5), rng=0), batch).verdict == "pass"

# %% [markdown]
# ## What a gradient check can't see
#
# A gradient check compares backward with *forward*. If forward is wrong and backward is its exact derivative, the check
# passes. The best known case is a sampler that uses the log variance as the log standard deviation. Only a test of
# *meaning* finds it: draw many samples, and compute their variance.


# %%
def wrong_sampler(mu, log_var, eps):
    """exp(log_var) where exp(½ log_var) belongs."""
    return mu + np.exp(log_var) * eps


def wrong_sampler_backward(grad_z, log_var, eps):
    """The true derivative of the wrong sampler."""
    return grad_z.copy(), grad_z * np.exp(log_var) * eps


inputs = {"mu": x, "log_var": rng.normal(size=x.shape), "eps": rng.normal(size=x.shape)}
assert ae.check_function(wrong_sampler, wrong_sampler_backward, inputs, wrt=["mu", "log_var"]).verdict == "pass"

wanted, eps = 0.3, rng.normal(size=(100_000, 1))
settings = np.zeros_like(eps), np.full_like(eps, np.log(wanted)), eps
assert abs(f.reparameterize(*settings).var() / wanted - 1) < 0.02
assert wrong_sampler(*settings).var() < 0.4 * wanted  # 0.09: the square of the wanted variance
ae.plots.show()

# %% [markdown]
# ## Try
#
# 1. Check `f.gelu` with `f.gelu_tanh_backward`. The two functions differ by 4.7e-4 at most. Does the check notice?
# 2. Multiply `x` by 1e6 and check tanh again. What does the check report about a gradient that is 0 everywhere, and why
#    does it add a note instead of just passing?
