"""Sinks: one module per vendor of the Sink port."""
