"""Images that a Dockerfile describes: the Docker engine builds them, and the kit makes their layers equal everywhere.

1. ``dockerfile_instructions``: what the Dockerfile needs of the engine, and which steps can give
   another result next time.
2. ``build_context``: the files that the engine receives, without ``.git`` and what ``.dockerignore``
   names.
3. ``engine_connection``, ``classic_build`` and ``buildkit_build``: the build itself.
4. ``normalized_layer``: each layer again, with one order, time and owner.
5. ``dockerfile_image``: all of it, from the folder to layers and config.

Only this room and ``builder.image.docker_engine`` use the ``docker`` library, which belongs to the
extra ``image`` and is imported when a build needs it.
"""
