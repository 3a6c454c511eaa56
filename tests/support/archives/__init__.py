"""ZIP and ELF files that are built byte by byte, and altered artifacts."""
