"""The run's folder and database as they were before a mutant was let loose on them."""

import os
import shutil

import psycopg
from django.db import connection, connections
from psycopg.sql import SQL, Identifier

from tests.environment import LOCAL_DIR


class Pristine:
    """Keeps the folder, SQLite's file within it, and a copy of PostgreSQL's database.

    No connection may be open when it is made.
    """

    def __init__(self) -> None:
        self._folder = LOCAL_DIR.with_name(f"{LOCAL_DIR.name}-{os.getpid()}")
        shutil.copytree(LOCAL_DIR, self._folder)
        self._database = str(connection.settings_dict["NAME"])
        self._copy = f"{self._database}_pristine"
        if connection.vendor == "postgresql":
            self._copy_database(self._database, to=self._copy)

    def restore(self) -> None:
        """Put everything back."""
        connections.close_all()
        for path in LOCAL_DIR.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        shutil.copytree(self._folder, LOCAL_DIR, dirs_exist_ok=True)
        if connection.vendor == "postgresql":
            self._copy_database(self._copy, to=self._database)

    def remove(self) -> None:
        """Remove what was kept."""
        shutil.rmtree(self._folder)

    @staticmethod
    def _copy_database(name: str, *, to: str) -> None:
        where = connection.get_connection_params() | {"dbname": "postgres"}
        where = {key: where[key] for key in ("host", "user", "dbname")}
        with psycopg.connect(**where, autocommit=True) as outside:
            drop = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(to))
            outside.execute(drop)
            outside.execute(
                SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(to), Identifier(name))
            )
