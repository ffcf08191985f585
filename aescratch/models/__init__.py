"""The variants, one per file: each spells its forward pass out in `loss`, and mirrors it in `backward`."""
