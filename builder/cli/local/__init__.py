"""What the commands for the local BioT print: chains, lists of them, and schedules."""
