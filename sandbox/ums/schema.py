"""The tables of log-ins. Passwords, secret keys and codes are kept as scrypt hashes only."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS ums_user (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    organization_id TEXT NOT NULL,
    password TEXT NOT NULL,
    scopes TEXT NOT NULL,
    mfa_code TEXT,
    phone TEXT UNIQUE,
    active INTEGER NOT NULL DEFAULT 1,
    password_reset_required INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    locked_until REAL
) STRICT;

CREATE TABLE IF NOT EXISTS ums_session (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES ums_user (id) ON DELETE CASCADE,
    ends REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS ums_session_user ON ums_session (user_id);
CREATE INDEX IF NOT EXISTS ums_session_end ON ums_session (ends);

CREATE TABLE IF NOT EXISTS ums_service_user (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    token_minutes INTEGER NOT NULL,
    role_id TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1,
    failures INTEGER NOT NULL DEFAULT 0,
    locked_until REAL
) STRICT;

CREATE TABLE IF NOT EXISTS ums_secret_key (
    id TEXT PRIMARY KEY,
    service_user_id TEXT NOT NULL REFERENCES ums_service_user (id) ON DELETE CASCADE,
    secret TEXT NOT NULL,
    creation_time TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS ums_secret_key_service ON ums_secret_key (service_user_id);

CREATE TABLE IF NOT EXISTS ums_signing_key (
    generation INTEGER PRIMARY KEY AUTOINCREMENT,
    private_key TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS ums_one_time_code (
    request_id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL UNIQUE REFERENCES ums_user (id) ON DELETE CASCADE,
    code TEXT NOT NULL,
    ends REAL NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS ums_text_message (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    phone TEXT NOT NULL,
    code TEXT NOT NULL,
    creation_time TEXT NOT NULL
) STRICT;
"""
"""A text message is kept readable: it is what a phone would show."""

FROM_VERSION_1 = (
    "ALTER TABLE ums_user ADD COLUMN phone TEXT",
    "CREATE UNIQUE INDEX ums_user_phone ON ums_user (phone)",
    "ALTER TABLE ums_user ADD COLUMN active INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE ums_service_user ADD COLUMN role_id TEXT NOT NULL DEFAULT '00000000-0000-4000-8000-000000000001'",
    "ALTER TABLE ums_service_user ADD COLUMN active INTEGER NOT NULL DEFAULT 1",
)
"""What a database lacks that was made before people had phones and service users had roles."""
