"""The pure part of imagehist: frozen records and plain functions that read and write nothing."""
