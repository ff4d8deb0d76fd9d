"""HTTP: :mod:`.flask_app` makes the application, :mod:`.run_server` serves it."""
