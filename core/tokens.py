"""One-time codes: shown once, kept only as a hash, used up by the first who brings them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy import Connection, delete, insert, select

from core.store.tables import tokens

# No letters or digits that are mistaken for one another when read aloud or copied by hand.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 12


@dataclass(frozen=True, slots=True)
class Token:
    """What a code is for, whose it is, and the row it is about where its purpose has one."""

    purpose: str
    user_id: int
    about: int | None


def _hash(code: str) -> str:
    return hashlib.sha256(code.strip().lower().encode()).hexdigest()


def issue(
    tx: Connection,
    purpose: str,
    user_id: int,
    expires_at: datetime,
    rng: Random,
    about: int | None = None,
) -> str:
    """Make a code for a user; `rng` must be unpredictable (`random.SystemRandom`) outside of tests."""
    code = "".join(rng.choice(ALPHABET) for _ in range(LENGTH))
    tx.execute(
        insert(tokens).values(
            hash=_hash(code), purpose=purpose, user_id=user_id, about=about, expires_at=expires_at
        )
    )
    return code


def find(tx: Connection, code: str, now: datetime) -> Token | None:
    """Say what a code is for without using it up; None where it is wrong, old or used."""
    if not code.strip():
        return None
    row = tx.execute(
        select(tokens.c.purpose, tokens.c.user_id, tokens.c.about, tokens.c.expires_at).where(
            tokens.c.hash == _hash(code)
        )
    ).first()
    return Token(row.purpose, row.user_id, row.about) if row and row.expires_at > now else None


def look_up(tx: Connection, purpose: str, code: str, now: datetime) -> int | None:
    """Find the user a code was made for without using it up; None where it is wrong, old or used."""
    token = find(tx, code, now)
    return token.user_id if token and token.purpose == purpose else None


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
