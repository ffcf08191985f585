"""What everything stands on: remembering a forward pass, settings, sentences of errors, files."""
