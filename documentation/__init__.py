"""The documentation site: pages that are generated from the code, links, and the build (``tox -e docs``).

``python -m documentation`` writes the site into ``build/site``. Only ``__main__`` reads and writes files.
"""
