"""Pictures: small functions that take and return a matplotlib Axes."""
