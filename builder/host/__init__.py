"""This machine: the programs that the kit starts, the Pythons installed here, and work in a second thread.

Nothing else in the kit starts a program. Never downloads anything.
"""
