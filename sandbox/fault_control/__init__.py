"""Faults that are switched on and off while the local BioT runs. ``sandbox.faults`` is loaded with the first one."""
