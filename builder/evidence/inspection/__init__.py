"""``biot-plugin inspect``: the contents of a finished artifact, and one HTML page about it.

``contents`` reads the artifact and its report. ``page`` writes the page, with a drawing of the
sizes (``drawing``, ``treemap``) and a section on the cold start. Nothing here changes an artifact.
"""
