"""Your code: one file for every hook of this plugin."""
