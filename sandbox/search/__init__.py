"""BioT's search language as SQL: filters, sorting and pages of the ``searchRequest`` that its lists take."""
