"""What makes an artifact smaller and its first call faster: choices of the manifest, none of them on by itself."""
