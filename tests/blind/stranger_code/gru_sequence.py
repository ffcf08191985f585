"""A gated recurrent unit over a sequence; forward returns its last state and a function that goes back in time."""

import numpy as np


def sigma(a):
    return 1.0 / (1.0 + np.exp(-a))


def gru(xs, h0, Wz, Uz, Wr, Ur, Wn, Un):
    h = h0
    tape = []
    for x in xs:
        z = sigma(x @ Wz + h @ Uz)
        r = sigma(x @ Wr + h @ Ur)
        n = np.tanh(x @ Wn + (r * h) @ Un)
        tape.append((x, h, z, r, n))
        h = (1 - z) * n + z * h

    def back(dh):
        dxs = np.zeros_like(xs)
        gWz, gUz, gWr, gUr, gWn, gUn = (np.zeros_like(W) for W in (Wz, Uz, Wr, Ur, Wn, Un))
        for t in range(len(tape) - 1, -1, -1):
            x, h_prev, z, r, n = tape[t]
            dn = dh * (1 - z) * (1 - n**2)
            dz = dh * (h_prev - n) * z * (1 - z)
            drh = dn @ Un.T
            dr = drh * h_prev * r * (1 - r)
            gWn += x.T @ dn
            gUn += (r * h_prev).T @ dn
            gWz += x.T @ dz
            gUz += h_prev.T @ dz
            gWr += x.T @ dr
            gUr += h_prev.T @ dr
            dxs[t] = dn @ Wn.T + dz @ Wz.T + dr @ Wr.T
            dh = dh * z + drh * r + dz @ Uz.T + dr @ Ur.T
        return dxs, dh, gWz, gUz, gWr, gUr, gWn, gUn

    return h, back
