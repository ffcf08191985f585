"""Programs for the terminal: the command line, the tour, the playground, the benchmark."""
