"""Execution: carry out a plan over a network that may lose responses.

Offers ``PublishRun``. Never reports a result that it did not read back from BioT.
"""
