"""Measures every figure of speed and memory beside a baseline taken in the same run."""
