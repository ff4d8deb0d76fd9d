"""The HTTP service: :func:`fmgraph.web.app.create_app` makes it, :func:`fmgraph.web.server.run` serves it."""
