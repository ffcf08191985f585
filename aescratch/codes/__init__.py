"""What a code goes through between encoder and decoder, in the variants that do more with it than pass it on.

    selection   which units stay: the largest of a batch, those above a threshold, silent ones that are to help
    gates       units that a gate opens and a magnitude sizes, and a decoder that is frozen for it
    codebook    vectors that are replaced by the nearest of a codebook's entries
    adversary   a code set beside samples of the prior, for a discriminator
    bounds      several samples of a code, and the bound on the likelihood that they give
"""
