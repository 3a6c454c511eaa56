"""Keeps plugins published to the local BioT while their sources change: the work behind ``biot-plugin dev``.

``watched_plugin`` publishes one plugin, ``source_watch`` waits for the next change of its files, ``dev_session`` runs
both for several plugins, and ``call_feed`` reads what BioT called them for. Nothing here prints, and nothing runs a
plugin: the local BioT does.
"""
