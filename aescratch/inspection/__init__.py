"""What looks in on models from outside, and is unknown to them: gradient checks, traces, measures, pages."""
