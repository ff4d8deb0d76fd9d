"""The YAML records that people edit, and what reading them finds."""
