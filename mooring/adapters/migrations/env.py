"""Alembic runs this around every command; connection and transaction are the host's."""

from alembic import context

from mooring.adapters.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
