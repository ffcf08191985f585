"""What all other code builds on: remembering a forward pass, settings, error messages, files."""
