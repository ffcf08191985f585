import numpy as np

import aescratch as ae


class MyVAE:
    """Bernoulli decoder; the KL is summed over the latent units and averaged over the batch."""

    def __init__(self, n_in, n_hid, n_z, rng):
        def weight(name, *shape):
            return ae.Parameter(name, rng.normal(0, 0.5, size=shape), decays=False)

        self.We, self.be = weight("We", n_in, n_hid), weight("be", n_hid)
        self.Wm, self.bm = weight("Wm", n_hid, n_z), weight("bm", n_z)
        self.Ws, self.bs = weight("Ws", n_hid, n_z), weight("bs", n_z)
        self.Wd, self.bd = weight("Wd", n_z, n_in), weight("bd", n_in)
        self.parameters = [self.We, self.be, self.Wm, self.bm, self.Ws, self.bs, self.Wd, self.bd]

    def loss(self, x, rng=None):
        rng = np.random.default_rng(rng)
        self.x = x
        self.pre = x @ self.We.value + self.be.value
        self.hid = np.where(self.pre > 0, self.pre, 0.1 * self.pre)
        self.mu = self.hid @ self.Wm.value + self.bm.value
        self.ls = self.hid @ self.Ws.value + self.bs.value  # log sigma
        self.eps = rng.standard_normal(self.mu.shape)
        self.z = self.mu + np.exp(self.ls) * self.eps
        logits = self.z @ self.Wd.value + self.bd.value
        self.p = 1 / (1 + np.exp(-logits))
        bce = np.sum(np.logaddexp(0, logits) - x * logits) / len(x)
        kl = np.sum(0.5 * (self.mu**2 + np.exp(2 * self.ls)) - self.ls - 0.5) / len(x)
        return bce + kl

    def backward(self):
        n = len(self.x)
        dlogits = (self.p - self.x) / n
        self.Wd.grad = self.z.T @ dlogits
        self.bd.grad = dlogits.sum(0)
        dz = dlogits @ self.Wd.value.T
        dmu = dz + self.mu / n
        dls = dz * self.eps * 0.5 * np.exp(self.ls) + (np.exp(2 * self.ls) - 1) / n
        self.Wm.grad = self.hid.T @ dmu
        self.bm.grad = dmu.sum(0)
        self.Ws.grad = self.hid.T @ dls
        self.bs.grad = dls.sum(0)
        dhid = dmu @ self.Wm.value.T + dls @ self.Ws.value.T
        dpre = np.where(self.pre > 0, dhid, 0.1 * dhid)
        self.We.grad = self.x.T @ dpre
        self.be.grad = dpre.sum(0)
