"""Pictures: what is in their bytes, their thumbs and their story, found out in limited child processes."""
