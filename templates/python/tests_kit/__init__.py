"""The kit's own tests of the flow. Leave them alone: your tests are in ``tests``."""
