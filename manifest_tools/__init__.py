"""The command line of imagehist: one module per command."""
