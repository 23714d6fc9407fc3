"""Steps of the catalogue's schema, oldest first; `acquisition.store.migrate` runs them."""
