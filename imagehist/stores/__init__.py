"""Stores: one module per vendor of the Store port."""
