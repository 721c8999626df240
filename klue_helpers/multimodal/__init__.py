"""Pictures and words: a world of coloured shapes, questions about it, and drawing it (taught in lecture 10)."""
