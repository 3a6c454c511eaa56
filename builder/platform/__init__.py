"""What BioT and AWS Lambda allow, as dated data. Never does I/O; has no logic beyond look-ups."""
