"""Your code: one file for each hook of this plugin."""
