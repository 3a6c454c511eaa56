"""What the system enforces for a function: read-only code, the size of ``/tmp``, memory, and an end for its processes.

``isolation_choice`` finds what this machine offers; ``bubblewrap`` and ``user_namespaces`` write the command lines;
``memory_groups`` uses control groups. macOS and Windows offer none of this.
"""
