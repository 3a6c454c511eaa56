"""The console of the local BioT: BioT's page for plugins, and what happened, in a browser.

It shows and changes through the same functions as the API and the commands, and computes nothing of
its own. Every page works as plain HTML forms; scripts improve them. Nothing in ``sandbox`` imports
this room except the application itself.
"""
