"""Indexes: one module per vendor of the Index port."""
