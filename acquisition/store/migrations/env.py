"""Run by Alembic: migrates over the connection that `acquisition.store.migrate` hands in."""

from alembic import context

from acquisition.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
