"""Publishing: the description, dumps, releases and their differences, the static site, other stores."""
