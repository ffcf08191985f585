import numpy as np


class MultiHeadSelfAttention:
    """Causal self-attention with several heads, x is (batch, time, model)."""

    def __init__(self, d_model, n_heads, d_head):
        s = 1 / np.sqrt(d_model)
        self.n_heads, self.d_head = n_heads, d_head
        self.Wq = np.random.randn(d_model, n_heads * d_head) * s
        self.Wk = np.random.randn(d_model, n_heads * d_head) * s
        self.Wv = np.random.randn(d_model, n_heads * d_head) * s
        self.Wo = np.random.randn(n_heads * d_head, d_model) * s

    def split(self, a):
        B, T, _ = a.shape
        return a.reshape(B, T, self.n_heads, self.d_head).transpose(0, 2, 1, 3)

    def merge(self, a):
        B, h, T, k = a.shape
        return a.transpose(0, 2, 1, 3).reshape(B, T, h * k)

    def forward(self, x):
        T = x.shape[1]
        self.x = x
        self.q, self.k, self.v = self.split(x @ self.Wq), self.split(x @ self.Wk), self.split(x @ self.Wv)
        s = self.q @ self.k.transpose(0, 1, 3, 2) / np.sqrt(self.d_head)
        s = np.where(np.tril(np.ones((T, T))) > 0, s, -1e9)
        s = np.exp(s - s.max(-1, keepdims=True))
        self.att = s / s.sum(-1, keepdims=True)
        self.cat = self.merge(self.att @ self.v)
        return self.cat @ self.Wo

    def backward(self, dout):
        self.dWo = np.einsum("btk,btd->kd", self.cat, dout)
        dheads = self.split(dout @ self.Wo.T)
        datt = dheads @ self.v.transpose(0, 1, 3, 2)
        dv = self.att.transpose(0, 1, 3, 2) @ dheads
        ds = self.att * (datt - (datt * self.att).sum(-1, keepdims=True))
        ds = ds / np.sqrt(self.d_head)
        dq = ds @ self.k
        dk = ds.transpose(0, 1, 3, 2) @ self.q
        dq, dk, dv = self.merge(dq), self.merge(dk), self.merge(dv)
        self.dWq = np.einsum("btd,btk->dk", self.x, dq)
        self.dWk = np.einsum("btd,btk->dk", self.x, dk)
        self.dWv = np.einsum("btd,btk->dk", self.x, dv)
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T
