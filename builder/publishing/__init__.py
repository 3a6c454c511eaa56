"""From an artifact to what BioT confirmed: one module that knows the wire, a pure planner above it, a journal below."""
