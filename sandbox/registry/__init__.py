"""The container registry of the local BioT: the OCI distribution API 1.1 below ``/v2/``, and ECR's token call.

Blobs are files beside the database, manifests and tags are rows in it. The repository of plugins needs a log-in, as
on ECR; every other repository can be read by everyone, like the public repositories that base images come from.

Sources: OCI distribution specification 1.1; AWS's API reference of ECR for ``GetAuthorizationToken``.
"""
