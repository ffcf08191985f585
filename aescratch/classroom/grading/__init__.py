"""Grading: submissions are judged one by one, each in a confined process of its own, and marks are given."""
