"""VAE whose decoder predicts a mean and a variance for every pixel (homework 3)."""
import numpy as np


class GaussianVAE:
    def __init__(self, n_in, n_hid, n_lat, batch, beta=0.5):
        rand = lambda *s: np.random.randn(*s) * 0.6
        self.params = {
            "We": rand(n_in, n_hid), "be": rand(n_hid),
            "Wm": rand(n_hid, n_lat), "bm": rand(n_lat), "Ws": rand(n_hid, n_lat), "bs": rand(n_lat),
            "Wd": rand(n_lat, n_hid), "bd": rand(n_hid),
            "Wx": rand(n_hid, n_in), "bx": rand(n_in), "Wv": rand(n_hid, n_in), "bv": rand(n_in),
        }
        self.grads = {}
        self.beta = beta
        self.noise = np.random.randn(batch, n_lat)

    def forward(self, x):
        p = self.params
        self.x = x
        self.h = np.maximum(0, x @ p["We"] + p["be"])
        self.mu = self.h @ p["Wm"] + p["bm"]
        self.raw = self.h @ p["Ws"] + p["bs"]
        self.logvar = np.clip(self.raw, -1.0, 1.0)
        self.std = np.exp(0.5 * self.logvar)
        self.z = self.mu + self.std * self.noise
        self.hd = np.maximum(0, self.z @ p["Wd"] + p["bd"])
        self.xm = self.hd @ p["Wx"] + p["bx"]
        self.xlv = self.hd @ p["Wv"] + p["bv"]
        self.r = x - self.xm
        nll = 0.5 * np.sum(np.log(2 * np.pi) + self.xlv + self.r ** 2 * np.exp(-self.xlv))
        kl = -0.5 * np.sum(1 + self.logvar - self.mu ** 2 - np.exp(self.logvar))
        return (nll + self.beta * kl) / len(x)

    def backward(self):
        p, g, n = self.params, self.grads, len(self.x)
        dxm = -self.r * np.exp(-self.xlv) / n
        dxlv = 0.5 * (1 - self.r ** 2 * np.exp(-self.xlv)) / n
        g["Wx"], g["bx"] = self.hd.T @ dxm, dxm.sum(0)
        g["Wv"], g["bv"] = self.hd.T @ dxlv, dxlv.sum(0)
        dhd = dxm @ p["Wx"].T + dxlv @ p["Wv"].T
        dhd[self.hd <= 0] = 0
        g["Wd"], g["bd"] = self.z.T @ dhd, dhd.sum(0)
        dz = dhd @ p["Wd"].T
        dmu = dz + self.beta * self.mu / n
        dlv = dz * self.noise * 0.5 * self.std + self.beta * 0.5 * (np.exp(self.logvar) - 1) / n
        dlv[np.abs(self.raw) > 1.0] = 0
        g["Wm"], g["bm"] = self.h.T @ dmu, dmu.sum(0)
        g["Ws"], g["bs"] = self.h.T @ dlv, dlv.sum(0)
        dh = dmu @ p["Wm"].T + dlv @ p["Ws"].T
        dh[self.h <= 0] = 0
        g["We"], g["be"] = self.x.T @ dh, dh.sum(0)
