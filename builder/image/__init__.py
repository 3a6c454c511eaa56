"""Container images without a daemon: deterministic layers, the config, and OCI layouts on disk.

This room turns a ``Bundle`` into layers and an OCI layout, and reads layouts strictly. It never
talks to a registry; ``builder.registry`` does.
"""
