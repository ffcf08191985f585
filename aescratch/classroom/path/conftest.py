"""Nothing in these folders is a test, or a module that is imported by its name."""

collect_ignore_glob = ["*"]
