"""The audit trail: every change of state, each row sealed to the one before it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select

from aops_indb.engines import Session
from aops_indb.registry.actor import Actor, now
from aops_indb.registry.atomic import atomic
from aops_indb.registry.tables import AUDIT_LOG

# What the first row is sealed to.
GENESIS = "0" * 64


@atomic
def record(
    session: Session,
    *,
    actor: Actor,
    action: str,
    kind: str,
    name: str,
    version: int | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add a row."""
    last = session.connection.execute(
        select(AUDIT_LOG.c.seq, AUDIT_LOG.c.row_hash).order_by(AUDIT_LOG.c.seq.desc()).limit(1)
    ).first()
    row: dict[str, Any] = {
        "seq": last.seq + 1 if last else 1,
        "recorded_at": now(),
        "actor": actor.name,
        "actor_source": actor.source,
        "action": action,
        "kind": kind,
        "name": name,
        "version": version,
        "details": dict(details or {}),
        "prev_hash": last.row_hash if last else GENESIS,
    }
    session.connection.execute(insert(AUDIT_LOG), [{**row, "row_hash": row_hash(row)}])


def row_hash(row: Mapping[str, Any]) -> str:
    """SHA-256 of a row's content as canonical JSON."""
    content = {key: value for key, value in row.items() if key != "row_hash"}
    content["recorded_at"] = content["recorded_at"].astimezone(dt.UTC).isoformat()
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify_audit(session: Session) -> str | None:
    """What is wrong with the trail, naming the first row that is; None if nothing is.

    Rows taken off its end cannot be missed from here: keep the last row's hash elsewhere to notice that.

    >>> from aops_indb.engines import engine_for
    >>> from aops_indb.registry import prepare
    >>> with engine_for("duckdb:///:memory:").session() as session:
    ...     prepare(session)
    ...     session.run_script("DROP TRIGGER audit_log_no_update ON aops.audit_log")
    ...     session.run_script("UPDATE aops.audit_log SET actor = 'somebody else'")
    ...     verify_audit(session)
    'row 1 was altered, or the one before it was'
    """
    expected_seq, previous = 1, GENESIS
    for row in session.connection.execute(select(AUDIT_LOG).order_by(AUDIT_LOG.c.seq)).mappings():
        if row["seq"] != expected_seq:
            return f"row {expected_seq} is missing"
        if row["prev_hash"] != previous or row["row_hash"] != row_hash(dict(row)):
            return f"row {row['seq']} was altered, or the one before it was"
        expected_seq, previous = expected_seq + 1, row["row_hash"]
    return None
