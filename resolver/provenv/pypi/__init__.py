"""From index pages to candidates: pages, metadata, source builds, and the provider that the solver asks."""
