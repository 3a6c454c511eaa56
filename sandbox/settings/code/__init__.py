"""A plugin's code on the local BioT: the upload form, Lambda's checks, the store for ZIPs, and the tags of images."""
