"""Layers between encoder and decoder, for the variants that change the code.

    selection   which units are kept: the largest of a batch, those above a threshold, silent ones
    gates       units with a gate and a magnitude, and a frozen decoder for the gate
    codebook    vectors that are replaced by the nearest entry of a codebook
    adversary   a code with samples of the prior, for a discriminator
    bounds      several samples of a code, and their bound on the likelihood
"""
