"""How does the database get from one schema revision to the next? By alembic, in batch mode."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def configuration(connection: Connection) -> Config:
    """Make alembic's configuration for a connection that is inside a transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def migrate(connection: Connection) -> None:
    """Bring the database to the newest revision inside the present transaction.

    Raises alembic's CommandError when the recorded revision is unknown.
    """
    command.upgrade(configuration(connection), "head")
