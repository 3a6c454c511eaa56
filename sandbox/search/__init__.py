"""BioT's search language as SQL: the filters, sorting and pages of the ``searchRequest`` parameter of its lists."""
