"""Readers for the exports of learning platforms, one file each: from names and tables to attempts."""
