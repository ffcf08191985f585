import aescratch as ae


class Sparse(ae.SparseAutoencoder):
    def backward(self):
        g = self.reconstruction.backward()
        g = self.decoder.backward(g)
        self.encoder.backward(g)
        self.decay.backward()
