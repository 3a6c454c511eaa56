"""What commands print about builds, releases, plugins, calls and chains: lines for people, JSON for programs."""
