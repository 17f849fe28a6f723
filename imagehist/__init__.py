"""imagehist keeps every image a person ever made or uploaded, findable and undoable, on plain files."""

__version__ = "0.1.0"
