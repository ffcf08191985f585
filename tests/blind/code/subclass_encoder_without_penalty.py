import aescratch as ae


class Sparse(ae.SparseAutoencoder):
    def backward(self):
        g = self.reconstruction.backward()
        g = self.decoder.backward(g)
        g = self.sparsity.backward()
        self.encoder.backward(g)
        self.decay.backward()
