"""Running local BioTs, their clients, and the runs that check them against BioT's documentation."""
