"""What BioT refuses or sets beyond the description of a type: unique values, references, states."""
