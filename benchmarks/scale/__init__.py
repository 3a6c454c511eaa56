"""``tox -e scale``: one repository with many plugins, on one machine and on a fleet; writes docs/scale.md."""
