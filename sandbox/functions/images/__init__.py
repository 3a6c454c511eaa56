"""The code of an IMAGE plugin without a Docker engine: what its layers put below ``/var/task``.

``function_image`` describes an image and ``layout_folder`` finds one in an OCI layout. ``layer_entries`` reads a layer
and refuses what could leave the folder. ``unpacked_code`` applies the layers, the lowest first. The base image is not
run: the interpreter and the runtime client of the kit stand in for it.
"""
