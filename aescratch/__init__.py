"""aescratch: autoencoders from scratch, in NumPy, with hand-written backpropagation.

    import aescratch as ae

    digits = ae.datasets.load_digits()
    model = ae.SparseAutoencoder([64, 32], sparsity=ae.KLSparsity(rho=0.05, weight=0.5), rng=0)
    history = model.fit(digits.x, epochs=20, rng=0)
    print(ae.check_gradients(model, digits.x[:7]))
"""

__version__ = "1.0.0rc1"

from aescratch import datasets, functions, plots
from aescratch.activations import GELU, GELUTanh, Identity, LeakyReLU, ReLU, Sigmoid, Tanh, TopK
from aescratch.activations import LAYERS as _LAYERS
from aescratch.backend import array_module, to_numpy
from aescratch.batch_norm import BatchNorm
from aescratch.codes.selection import BatchTopK, JumpReLU
from aescratch.corruptions import GaussianNoise, MaskingNoise, SaltAndPepperNoise
from aescratch.dropout import Dropout
from aescratch.estimator import AutoencoderTransformer
from aescratch.foundations.buffers import Buffer
from aescratch.foundations.declared import surrogate_gradient
from aescratch.foundations.files import FileFormatError
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.recipes import register
from aescratch.foundations.scaling import Scaling
from aescratch.foundations.streams import Stream
from aescratch.initializers import he_normal, he_uniform, old_uniform, xavier_normal, xavier_uniform
from aescratch.inspection import notebooks as _notebooks  # noqa: F401, imported so that notebooks show models
from aescratch.inspection.diagnosis import Diagnosis, diagnose
from aescratch.inspection.gradcheck import (
    GradientCheckError,
    cached_pair,
    check_function,
    check_gradients,
    check_layer,
    check_meaning,
    example_fixture,
    loss_pair,
    torch_pair,
)
from aescratch.inspection.monitor import Monitor
from aescratch.inspection.tracing import Trace, trace
from aescratch.layers import Dense, Layer, Sampling, Sequential, TransposedDense, UnitRowDense
from aescratch.losses import LOSSES as _LOSSES
from aescratch.losses import BinaryCrossEntropy, Loss, SoftmaxCrossEntropy, SquaredError
from aescratch.models import MODELS
from aescratch.models.adversarial import AdversarialAutoencoder
from aescratch.models.autoencoder import Autoencoder
from aescratch.models.classifier import SoftmaxClassifier
from aescratch.models.contractive import ContractiveAutoencoder
from aescratch.models.denoising import DenoisingAutoencoder
from aescratch.models.gated import GatedAutoencoder
from aescratch.models.importance_weighted import ImportanceWeightedAutoencoder
from aescratch.models.jump_relu import JumpReLUAutoencoder
from aescratch.models.k_sparse import KSparseAutoencoder
from aescratch.models.linear import LinearAutoencoder
from aescratch.models.matryoshka import MatryoshkaAutoencoder
from aescratch.models.sparse import SparseAutoencoder
from aescratch.models.stacked import StackedAutoencoder
from aescratch.models.variational import VariationalAutoencoder
from aescratch.models.vector_quantized import VectorQuantizedAutoencoder
from aescratch.models.wasserstein import WassersteinAutoencoder
from aescratch.optimizers import (
    LBFGS,
    SGD,
    Adam,
    AdamW,
    ConstantRate,
    CosineRate,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
    StepRate,
)
from aescratch.penalties import SPARSITIES as _SPARSITIES
from aescratch.penalties import KLSparsity, L0Sparsity, L1Sparsity
from aescratch.training import History, TrainingDivergedError, fit, load, save

__all__ = [
    "GELU",
    "LBFGS",
    "SGD",
    "Adam",
    "AdamW",
    "AdversarialAutoencoder",
    "Autoencoder",
    "AutoencoderTransformer",
    "BatchNorm",
    "BatchTopK",
    "BinaryCrossEntropy",
    "Buffer",
    "ConstantRate",
    "ContractiveAutoencoder",
    "CosineRate",
    "DenoisingAutoencoder",
    "Dense",
    "Diagnosis",
    "Dropout",
    "FileFormatError",
    "GELUTanh",
    "GatedAutoencoder",
    "GaussianNoise",
    "GradientCheckError",
    "History",
    "Identity",
    "ImportanceWeightedAutoencoder",
    "JumpReLU",
    "JumpReLUAutoencoder",
    "KLSparsity",
    "KSparseAutoencoder",
    "L0Sparsity",
    "L1Sparsity",
    "Layer",
    "LeakyReLU",
    "LinearAutoencoder",
    "Loss",
    "MaskingNoise",
    "MatryoshkaAutoencoder",
    "Momentum",
    "Monitor",
    "Nesterov",
    "Optimizer",
    "Parameter",
    "RMSProp",
    "ReLU",
    "SaltAndPepperNoise",
    "Sampling",
    "Scaling",
    "Sequential",
    "Sigmoid",
    "SoftmaxClassifier",
    "SoftmaxCrossEntropy",
    "SparseAutoencoder",
    "SquaredError",
    "StackedAutoencoder",
    "StepRate",
    "Stream",
    "Tanh",
    "TopK",
    "Trace",
    "TrainingDivergedError",
    "TransposedDense",
    "UnitRowDense",
    "VariationalAutoencoder",
    "VectorQuantizedAutoencoder",
    "WassersteinAutoencoder",
    "array_module",
    "cached_pair",
    "check_function",
    "check_gradients",
    "check_layer",
    "check_meaning",
    "datasets",
    "diagnose",
    "example_fixture",
    "fit",
    "functions",
    "he_normal",
    "he_uniform",
    "load",
    "loss_pair",
    "old_uniform",
    "plots",
    "register",
    "save",
    "surrogate_gradient",
    "to_numpy",
    "torch_pair",
    "trace",
    "xavier_normal",
    "xavier_uniform",
]

# The variants are found in their folder; the imports above are for type checkers.
globals().update({kind.__name__: kind for kind in MODELS})
__all__ += [kind.__name__ for kind in MODELS if kind.__name__ not in __all__]
# Activations, losses and penalties that exist only in the formula sheet get their names here.
_made = {**_LAYERS, **{kind.__name__: kind for kind in (*_LOSSES.values(), *_SPARSITIES.values())}}
for _name, _kind in _made.items():
    if globals().get(_name, _kind) is not _kind:
        raise ValueError(
            f"expected a unique name for a layer, got {_name!r}, which is taken; choose another in its "
            "record"
        )
globals().update(_made)
__all__ += [name for name in _made if name not in __all__]
