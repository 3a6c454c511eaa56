"""What BioT and AWS Lambda allow, as dated data: no I/O, no logic beyond look-ups."""
