"""The key pairs that sign tokens, as on the platform: the current one, and the previous one after a rotation."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.database import Database
    from sandbox.tokens.token_signatures import KeyPair

_REMEMBERED_TOKENS = 128


class UnknownSignatureError(Exception):
    """None of the key pairs has signed the token, or it is not a token."""


class SigningKeys:
    """The current and the previous key pair, stored in the database so that tokens survive a restart.

    Both verify tokens, which is why UMS publishes ``previousPublicKey``; only the current one signs. They are read at
    the first use. Thread-safe.

    Args:
        database: Stores the keys; a first pair is created when there is none.

    Attributes:
        rotations: How often the keys have changed since this object was created.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._pairs: tuple[KeyPair, ...] = ()
        self._verified: OrderedDict[bytes, Mapping[str, Any]] = OrderedDict()
        self.rotations = 0

    def sign(self, claims: Mapping[str, object]) -> str:
        """Sign a token."""
        return self._all()[0].sign(claims)

    def read(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a token with a valid signature. The caller checks whether the token has expired.

        Raises:
            UnknownSignatureError: None of these keys has signed it, or it is not a token.
        """
        from sandbox.tokens.token_signatures import first_claims

        digest = sha256(token.encode("utf-8", "replace")).digest()
        pairs = self._all()
        with self._lock:
            cached = self._verified.get(digest) if pairs is self._pairs else None
        if cached is not None:
            return cached
        claims = first_claims(token, pairs)
        if claims is None:
            raise UnknownSignatureError
        with self._lock:
            if pairs is self._pairs:  # otherwise the keys have changed meanwhile, and the next request verifies again
                self._verified[digest] = claims
                if len(self._verified) > _REMEMBERED_TOKENS:
                    self._verified.popitem(last=False)
        return claims

    def public(self) -> dict[str, str]:
        """Return the public keys as UMS does: bare base64 SPKI, and the previous key only if there is one."""
        bodies = (pair.public_body() for pair in self._all())
        return dict(zip(("publicKey", "previousPublicKey"), bodies, strict=False))

    def rotate(self) -> None:
        """Sign with a new pair from now on. The previous one still verifies; older ones do not."""
        from sandbox.tokens.token_signatures import KeyPair, new_private_key

        self._all()
        private_key = new_private_key()
        with self._database.write() as connection:
            connection.execute("INSERT INTO ums_signing_key (private_key) VALUES (?)", (private_key,))
            connection.execute(
                "DELETE FROM ums_signing_key WHERE generation NOT IN"
                " (SELECT generation FROM ums_signing_key ORDER BY generation DESC LIMIT 2)"
            )
            # Inside the transaction, so that two rotations reach memory in the same order as the file.
            with self._lock:
                self._pairs = (KeyPair(private_key), *self._pairs[:1])
                self._verified = OrderedDict()
                self.rotations += 1

    def _all(self) -> tuple[KeyPair, ...]:
        """The current pair and the previous one."""
        if self._pairs:
            return self._pairs
        from sandbox.tokens.token_signatures import KeyPair

        with self._reading:
            if not self._pairs:
                self._pairs = tuple(map(KeyPair, self._stored()))
            return self._pairs

    def _stored(self) -> list[str]:
        """The private keys in the database, the newest first. A first one is created when there is none."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT private_key FROM ums_signing_key ORDER BY generation DESC").fetchall()
        if rows:
            return [row["private_key"] for row in rows]
        from sandbox.tokens.token_signatures import new_private_key

        first = new_private_key()
        with self._database.write() as connection:
            connection.execute("INSERT INTO ums_signing_key (private_key) VALUES (?)", (first,))
        return [first]
