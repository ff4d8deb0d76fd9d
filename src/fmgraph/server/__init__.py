"""A generic, bounded SPARQL server: it knows nothing of medicine."""
