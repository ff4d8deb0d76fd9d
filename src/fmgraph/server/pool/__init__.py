"""Disposable evaluators behind a broker: a query is ended at its limit, whatever it does."""
