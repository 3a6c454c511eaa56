"""The SOUP list of IEC 62304: what people filled in about each package, and the list as CSV and Markdown.

Never overwrites what people filled in.
"""
