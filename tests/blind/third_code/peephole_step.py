"""One step of an LSTM with peepholes (Gers & Schmidhuber) and hard sigmoids, for a course project."""
import numpy as np


def hard_sigmoid(a):
    return np.clip(0.2 * a + 0.5, 0, 1)


def hard_sigmoid_grad(s):
    return 0.2 * ((s > 0) & (s < 1))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b, pi, pf, po):
    H = prev_h.shape[1]
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    ai, af, ao, ag = a[:, :H], a[:, H:2 * H], a[:, 2 * H:3 * H], a[:, 3 * H:]
    i = hard_sigmoid(ai + pi * prev_c)
    f = hard_sigmoid(af + pf * prev_c)
    g = np.tanh(ag)
    next_c = f * prev_c + i * g
    o = hard_sigmoid(ao + po * next_c)
    tanh_c = np.tanh(next_c)
    next_h = o * tanh_c
    cache = (x, prev_h, prev_c, Wx, Wh, pi, pf, po, i, f, o, g, next_c, tanh_c)
    return next_h, next_c, cache


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, pi, pf, po, i, f, o, g, next_c, tanh_c = cache
    do = dnext_h * tanh_c
    dao = do * hard_sigmoid_grad(o)
    dpo = np.sum(dao * next_c, axis=0)
    dc = dnext_c + dnext_h * o * (1 - tanh_c ** 2)
    dc += dao * po
    di = dc * g
    df = dc * prev_c
    dg = dc * i
    dai = di * hard_sigmoid_grad(i)
    daf = df * hard_sigmoid_grad(f)
    dag = dg * (1 - g ** 2)
    dpi = np.sum(dai * prev_c, axis=0)
    dpf = np.sum(daf * prev_c, axis=0)
    dprev_c = dc * f + dai * pi + daf * pf
    da = np.hstack((dai, daf, dao, dag))
    dx = da.dot(Wx.T)
    dprev_h = da.dot(Wh.T)
    dWx = x.T.dot(da)
    dWh = prev_h.T.dot(da)
    db = np.sum(da, axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db, dpi, dpf, dpo
