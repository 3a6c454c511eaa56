"""Execution environments: the processes of functions, what they may use, and how they get their events.

``environment_pool`` gives each call an ``execution_environment``; ``runtime_api`` is Lambda's Runtime API for it.
"""
