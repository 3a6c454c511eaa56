"""Container images without a daemon: deterministic layers, the config, and OCI layouts on disk.

A build turns a ``Bundle`` into an image in this order:

1. ``image_lock``: the base image, pinned by digest in ``image.lock``; ``base_image`` decides whether
   Lambda can run it.
2. ``layer_plan``: which files go into which layer. ``layer_writer`` writes each as a tar
   (``tar_records``), in one gzip member, once per package.
3. ``image_config``: the config, from the base's own.
4. ``image_writer``: the OCI layout, completely or not at all.

``layout_reader`` and ``layer_reader`` read a layout strictly. ``docker_archive`` copies an image into
one file for other tools, and ``docker_engine`` loads it into a Docker engine.

This room never talks to a registry; ``builder.registry`` does.
"""
