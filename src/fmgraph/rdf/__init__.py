"""RDF: prefixes, terms, N-Triples, Turtle, formats and the datasets on disk."""
