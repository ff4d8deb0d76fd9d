"""From rows of source lists to records: matching, drafting, and reviewing what was drafted."""
