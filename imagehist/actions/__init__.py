"""The verbs: each module is what people and tools can do with a library."""
