"""Scripts for other interpreters, from Python 3.9 on. They are run by their path and import nothing of the kit."""
