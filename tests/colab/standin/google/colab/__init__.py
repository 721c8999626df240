"""Stands in for Colab's own module: its presence is how a notebook knows where it runs."""
