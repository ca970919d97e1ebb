"""The catalogue: a SQLite index over what lies on disk. The disk is the truth; this can be rebuilt from it at any time.

Kept only here: who answered a served response (the last 100,000). Metrics stay in the runs' own files. Several
processes may use it at once (write-ahead log, writers wait up to 30 seconds for each other).
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import Any
from weakref import WeakSet

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    or_,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DatabaseError

from luthier.errors import LuthierError
from luthier.store.artifact import Artifact, from_manifest, manifest_of
from luthier.store.disk import NoSpace, as_refusal

SCHEMA = 1
KEPT_RESPONSES = 100_000
_engines: WeakSet[Engine] = WeakSet()
_abandoned: list[object] = []
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

_meta = MetaData()
_schema = Table("schema", _meta, Column("version", Integer, nullable=False))
_artifacts = Table(
    "artifacts",
    _meta,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False, index=True),
    Column("digest", String, nullable=False, index=True),
    Column("created", String, nullable=False),
    Column("manifest", String, nullable=False),
)
_keys = Table(
    "keys",
    _meta,
    Column("key", String, primary_key=True),
    Column("artifact", String, primary_key=True, index=True),
    Column("at", String, nullable=False),
)
_edges = Table(
    "edges", _meta, Column("child", String, primary_key=True), Column("parent", String, primary_key=True, index=True)
)
_runs = Table(
    "runs",
    _meta,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, index=True),
    Column("status", String, nullable=False),
    Column("started", String, nullable=False),
    Column("finished", String),
    Column("facts", String, nullable=False),
)
_made = Table(
    "run_artifacts",
    _meta,
    Column("run", String, primary_key=True),
    Column("stage", String, primary_key=True),
    Column("artifact", String, primary_key=True, index=True),
)
_aliases = Table(
    "aliases", _meta, Column("name", String, primary_key=True), Column("artifact", String, nullable=False)
)
_responses = Table(
    "responses",
    _meta,
    Column("n", Integer, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False),
    Column("artifact", String, nullable=False),
    Column("adapter", String),
    Column("at", String, nullable=False),
    Index("responses_id", "id", unique=True),
    sqlite_autoincrement=True,
)
_DERIVED = (_artifacts, _keys, _edges, _runs, _made, _aliases)


@dataclass(frozen=True, slots=True)
class RunRow:
    """What the catalogue keeps of a run; ``made`` are (stage, artifact id) pairs."""

    id: str
    name: str
    status: str
    started: str
    finished: str | None
    facts: Mapping[str, Any]
    made: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """One time that an artifact's content was made: under which key, when."""

    artifact: Artifact
    key: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that lies on disk. ``aliases``: name -> artifact id."""

    commits: tuple[Commit, ...]
    runs: tuple[RunRow, ...]
    aliases: Mapping[str, str]


class Catalogue:
    """The index. Every method is one transaction. Safe in threads; a forked child opens connections of its own."""

    def __init__(self, path: Path, artifacts: Path) -> None:
        self.path = path
        self._folder = artifacts
        self._engine = _engine(path)

    def broken(self) -> bool:
        """Whether the file is no database any more (a busy or a full disk is not that)."""
        with _translated(self.path):
            try:
                with self._engine.connect() as connection:
                    return connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok"
            except DatabaseError as error:
                if _code(error) in _BROKEN:
                    return True
                raise

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self._engine.dispose()

    def prepare(self) -> bool:
        """Make the tables where they are missing; true if the catalogue was new.

        Raises:
            LuthierError: it was written by a newer Luthier.
        """
        with self._read() as db:
            new = not inspect(db).has_table(_schema.name)
            version = None if new else db.execute(select(_schema.c.version)).scalar()
        if version is None:
            with self._write() as db:
                _meta.create_all(db, checkfirst=True)
                db.execute(insert(_schema).values(version=SCHEMA))
            return True
        if version > SCHEMA:
            raise LuthierError(
                f"this store's catalogue has schema {version}; this Luthier knows {SCHEMA}",
                where=self.path,
                why="it was written by a newer Luthier",
                fix="pip install --upgrade luthier",
            )
        return False

    def fill(self, read: Callable[[], Contents]) -> None:
        """Forget everything that the disk knows and index what ``read`` finds there, in one transaction.

        It reads inside: a commit of another process is either found on disk or waits for this to end.
        """
        with self._write() as db:
            contents = read()
            for table in _DERIVED:
                db.execute(delete(table))
            for commit in contents.commits:
                _add_artifact(db, commit)
            for run in contents.runs:
                _put_run(db, run)
            for name, artifact in contents.aliases.items():
                db.execute(insert(_aliases).values(name=name, artifact=artifact))

    def add(self, commit: Commit) -> None:
        with self._write() as db:
            _add_artifact(db, commit)

    def drop(self, artifact_id: str) -> None:
        with self._write() as db:
            db.execute(delete(_artifacts).where(_artifacts.c.id == artifact_id))
            db.execute(delete(_keys).where(_keys.c.artifact == artifact_id))
            db.execute(delete(_edges).where(_edges.c.child == artifact_id))

    def artifacts(self, kind: str | None = None) -> list[Artifact]:
        """All artifacts, oldest first."""
        query = select(_artifacts.c.manifest).order_by(_artifacts.c.created, _artifacts.c.id)
        if kind is not None:
            query = query.where(_artifacts.c.kind == kind)
        with self._read() as db:
            return [self._artifact(text) for text in db.execute(query).scalars()]

    def artifact(self, artifact_id: str) -> Artifact | None:
        with self._read() as db:
            text = db.execute(select(_artifacts.c.manifest).where(_artifacts.c.id == artifact_id)).scalar()
        return None if text is None else self._artifact(text)

    def ids(self) -> set[str]:
        with self._read() as db:
            return set(db.execute(select(_artifacts.c.id)).scalars())

    def starting_with(self, prefix: str) -> list[str]:
        """Ids whose id, digest, or digest after the kind begins so."""
        escaped = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        where = or_(_artifacts.c.id.like(escaped, escape="\\"), _artifacts.c.digest.like(escaped, escape="\\"))
        with self._read() as db:
            return list(db.execute(select(_artifacts.c.id).where(where).order_by(_artifacts.c.id)).scalars())

    def with_key(self, key: str, kind: str | None) -> list[Artifact]:
        """Artifacts made under a stage key, newest first."""
        query = (
            select(_artifacts.c.manifest)
            .join(_keys, _keys.c.artifact == _artifacts.c.id)
            .where(_keys.c.key == key)
            .order_by(_keys.c.at.desc(), _artifacts.c.id)
        )
        if kind is not None:
            query = query.where(_artifacts.c.kind == kind)
        with self._read() as db:
            return [self._artifact(text) for text in db.execute(query).scalars()]

    def children(self, ref: str) -> list[str]:
        """Ids of what was made from an artifact id or a parent URI."""
        query = select(_edges.c.child).where(_edges.c.parent == ref).order_by(_edges.c.child)
        with self._read() as db:
            return list(db.execute(query).scalars())

    def put_run(self, run: RunRow) -> None:
        with self._write() as db:
            _put_run(db, run)

    def drop_run(self, run_id: str) -> None:
        with self._write() as db:
            db.execute(delete(_runs).where(_runs.c.id == run_id))
            db.execute(delete(_made).where(_made.c.run == run_id))

    def run_ids(self) -> set[str]:
        with self._read() as db:
            return set(db.execute(select(_runs.c.id)).scalars())

    def runs_with(self, artifact_id: str) -> list[tuple[str, str]]:
        """(run id, stage) of every run that made or reused an artifact, oldest first."""
        query = (
            select(_made.c.run, _made.c.stage)
            .join(_runs, _runs.c.id == _made.c.run)
            .where(_made.c.artifact == artifact_id)
            .order_by(_runs.c.started, _runs.c.id)
        )
        with self._read() as db:
            return [(run, stage) for run, stage in db.execute(query)]

    def set_alias(self, name: str, artifact_id: str | None) -> None:
        with self._write() as db:
            db.execute(delete(_aliases).where(_aliases.c.name == name))
            if artifact_id is not None:
                db.execute(insert(_aliases).values(name=name, artifact=artifact_id))

    def aliases(self) -> dict[str, str]:
        with self._read() as db:
            return {row.name: row.artifact for row in db.execute(select(_aliases).order_by(_aliases.c.name))}

    def note_response(self, response_id: str, artifact_id: str, adapter: str | None, at: str) -> None:
        values = {"artifact": artifact_id, "adapter": adapter, "at": at}
        with self._write() as db:
            query = upsert(_responses).values(id=response_id, **values)
            n = db.execute(query.on_conflict_do_update(index_elements=["id"], set_=values)).lastrowid
            if n and n % 1000 == 0:
                db.execute(delete(_responses).where(_responses.c.n <= n - KEPT_RESPONSES))

    def response(self, response_id: str) -> dict[str, Any] | None:
        with self._read() as db:
            row = db.execute(select(_responses).where(_responses.c.id == response_id)).mappings().first()
        return None if row is None else dict(row)

    def response_count(self) -> int:
        with self._read() as db:
            return db.execute(select(func.count()).select_from(_responses)).scalar_one()

    def _artifact(self, manifest: str) -> Artifact:
        body = json.loads(manifest)
        return from_manifest(self._folder / body["id"], body)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with _translated(self.path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        # IMMEDIATE: a writer waits for its turn at the start; a reader that turns writer would fail at once instead
        with _translated(self.path), self._engine.connect() as connection:
            writing = connection.execution_options(luthier_begin="BEGIN IMMEDIATE")
            with writing.begin():
                yield writing


def _engine(path: Path) -> Engine:
    # connections are kept: closing the last one flushes the log to the device, tens of milliseconds a transaction
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30.0, "check_same_thread": False})

    _engines.add(engine)

    @event.listens_for(engine, "connect")
    def _on_connect(dbapi: sqlite3.Connection, _record: object) -> None:
        dbapi.isolation_level = None  # SQLAlchemy sends BEGIN itself, see below
        dbapi.execute("PRAGMA busy_timeout=30000")
        dbapi.execute("PRAGMA journal_mode=WAL")
        dbapi.execute("PRAGMA synchronous=NORMAL")  # a lost last transaction is found again on disk at the next open

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("luthier_begin", "BEGIN"))

    return engine


def _after_fork() -> None:
    """SQLite forbids a connection to be used, or closed, behind a fork: the child leaves the parent's alone."""
    for engine in list(_engines):
        _abandoned.append(engine.pool)
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        code = _code(error)
        if code in _BROKEN:
            raise LuthierError(
                "the catalogue is damaged",
                where=path,
                why=str(error.orig),
                fix="run the command again: it is rebuilt from the artifacts, the damaged file is kept beside",
            ) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise LuthierError(
                "the catalogue was busy for 30 seconds", where=path, fix="wait for the other process"
            ) from error
        refusal = as_refusal(error.orig or error, path)
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and disk_usage(path.parent).free < 2**20:
            refusal = NoSpace(path.parent)  # SQLite tells a full disk in many ways: it cannot make its side files
        if refusal is None and code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            refusal = LuthierError(
                "this folder cannot be written", where=path.parent, fix="set LUTHIER_HOME to a folder of your own"
            )
        if refusal is None:
            raise
        raise refusal from error


def _code(error: DatabaseError) -> int | None:
    code = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF  # the low byte is the primary code


def _add_artifact(db: Connection, commit: Commit) -> None:
    artifact = commit.artifact
    row = {
        "id": artifact.id,
        "kind": artifact.kind,
        "digest": artifact.digest,
        "created": artifact.created,
        "manifest": json.dumps(manifest_of(artifact)),
    }
    db.execute(upsert(_artifacts).values(**row).on_conflict_do_update(index_elements=["id"], set_=row))
    for parent in artifact.parents:
        db.execute(upsert(_edges).values(child=artifact.id, parent=parent).on_conflict_do_nothing())
    if commit.key is not None:
        made = upsert(_keys).values(key=commit.key, artifact=artifact.id, at=commit.at)
        db.execute(made.on_conflict_do_update(index_elements=["key", "artifact"], set_={"at": commit.at}))


def _put_run(db: Connection, run: RunRow) -> None:
    values = {
        "name": run.name,
        "status": run.status,
        "started": run.started,
        "finished": run.finished,
        "facts": json.dumps(run.facts, default=str),
    }
    query = upsert(_runs).values(id=run.id, **values)
    db.execute(query.on_conflict_do_update(index_elements=["id"], set_=values))
    db.execute(delete(_made).where(_made.c.run == run.id))
    for stage, artifact in run.made:
        db.execute(upsert(_made).values(run=run.id, stage=stage, artifact=artifact).on_conflict_do_nothing())
