"""A plugin's code on the local BioT: the upload form, the checks of Lambda, and where the code is stored."""
