"""Tools that inspect models from outside: gradient checks, traces, measures, pages. Models never import them."""
