"""Publishing: from an artifact to what BioT confirmed.

``api`` speaks to BioT, ``access`` finds credentials and tokens, ``planning`` decides what has to change, ``execution``
carries a plan out, ``records`` remembers every publish on this machine, and ``remote`` holds all other requests about
plugins and subscriptions. Nothing here builds an artifact.
"""
