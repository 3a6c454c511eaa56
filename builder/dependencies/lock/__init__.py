"""``requirements.lock``, the requirements it is made from, and the check that it is complete.

Inside: the declared requirements (``requirements``, ``requirements_file``), the format of the lock
(``requirements_lock``), the check (``completeness`` decides, ``lock_proof`` reads the wheels), and what both languages
use to write a lock (``lock_writer``) and to report its changes (``lock_changes``).

Never downloads a package and never chooses a version.
"""
