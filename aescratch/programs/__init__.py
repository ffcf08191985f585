"""What is started from a terminal: the command line, the tour, the benchmark."""
