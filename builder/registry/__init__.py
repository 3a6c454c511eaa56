"""The registry API (OCI distribution 1.1): pull manifests and blobs, push images, and log in.

This room is the only one that knows the protocol. It never claims that an image is pushed unless
the registry returned the manifest's digest for the tag.
"""
