"""The SOUP list of IEC 62304 (software of unknown provenance).

``soup_file`` reads ``soup.toml``, in which people describe each package, and ``soup_list`` writes
the list as CSV and Markdown. Nothing here writes ``soup.toml``.
"""
