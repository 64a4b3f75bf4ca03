"""One-time codes: shown once, kept only as a hash, used up by the first who brings them."""

import hashlib
from datetime import datetime
from random import Random

from sqlalchemy import Connection, delete, insert, select

from core.store.tables import tokens

# No letters or digits that are mistaken for one another when read aloud or copied by hand.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 12


def _hash(code: str) -> str:
    return hashlib.sha256(code.strip().lower().encode()).hexdigest()


def issue(tx: Connection, purpose: str, user_id: int, expires_at: datetime, rng: Random) -> str:
    """Make a code for a user; `rng` must be unpredictable (`random.SystemRandom`) outside of tests."""
    code = "".join(rng.choice(ALPHABET) for _ in range(LENGTH))
    tx.execute(
        insert(tokens).values(hash=_hash(code), purpose=purpose, user_id=user_id, expires_at=expires_at)
    )
    return code


def look_up(tx: Connection, purpose: str, code: str, now: datetime) -> int | None:
    """Find the user a code was made for without using it up; None where it is wrong, old or used."""
    if not code.strip():
        return None
    row = tx.execute(
        select(tokens.c.user_id, tokens.c.expires_at).where(
            (tokens.c.hash == _hash(code)) & (tokens.c.purpose == purpose)
        )
    ).first()
    return row.user_id if row and row.expires_at > now else None


def redeem(tx: Connection, purpose: str, code: str, now: datetime) -> int | None:
    """Use a code up; the user it was made for, or None where it is wrong, old or used."""
    if not code.strip():
        return None
    row = tx.execute(
        delete(tokens)
        .where((tokens.c.hash == _hash(code)) & (tokens.c.purpose == purpose))
        .returning(tokens.c.user_id, tokens.c.expires_at)
    ).first()
    return row.user_id if row and row.expires_at > now else None
