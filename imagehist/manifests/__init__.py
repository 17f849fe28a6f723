"""Manifests: one module per vendor of the Manifest port."""
