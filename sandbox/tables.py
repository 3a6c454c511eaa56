"""The tables of the local BioT's database, one group for each service. Imports nothing, so every room may use it."""

UMS_TABLES = """
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
"""Accounts and log-ins. Passwords, secret keys and codes are stored as scrypt hashes only. Text messages are stored as
plain text, because a phone would show them too."""

UMS_MIGRATION_FROM_1 = (
    "ALTER TABLE ums_user ADD COLUMN phone TEXT",
    "CREATE UNIQUE INDEX ums_user_phone ON ums_user (phone)",
    "ALTER TABLE ums_user ADD COLUMN active INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE ums_service_user ADD COLUMN role_id TEXT NOT NULL DEFAULT '00000000-0000-4000-8000-000000000001'",
    "ALTER TABLE ums_service_user ADD COLUMN active INTEGER NOT NULL DEFAULT 1",
)
"""What a database of schema version 1 lacks: users had no phone yet, and service users had no role."""

DISPATCHER_TABLES = """
CREATE TABLE IF NOT EXISTS dispatcher_interception (
    id TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL,
    type TEXT NOT NULL,
    api_id TEXT NOT NULL,
    entity_name TEXT NOT NULL,
    path_filters TEXT NOT NULL,
    execution_order INTEGER NOT NULL,
    creation_time TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    last_modified_time TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    UNIQUE (endpoint, type, api_id, entity_name, path_filters),
    UNIQUE (type, api_id, entity_name, execution_order)
) STRICT;

CREATE TABLE IF NOT EXISTS dispatcher_notification (
    id TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL,
    entity_type_name TEXT NOT NULL,
    action_name TEXT NOT NULL,
    template_name TEXT NOT NULL,
    UNIQUE (endpoint, entity_type_name, action_name, template_name)
) STRICT;
"""
"""Subscriptions. A value that does not apply is an empty text, because UNIQUE does not compare NULL."""

SETTINGS_TABLES = """
CREATE TABLE IF NOT EXISTS plugins (
    full_name TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    version INTEGER NOT NULL,
    runtime TEXT,
    handler TEXT,
    timeout INTEGER NOT NULL,
    memory_size INTEGER NOT NULL,
    ephemeral_storage INTEGER NOT NULL,
    enabled_state TEXT NOT NULL,
    deployment_package_type TEXT NOT NULL,
    endpoint_url TEXT NOT NULL,
    creation_time TEXT NOT NULL,
    last_modified_time TEXT NOT NULL,
    config TEXT NOT NULL,
    response TEXT NOT NULL,
    code_sha256 TEXT,
    image_tag TEXT,
    service_user_id TEXT NOT NULL,
    system_variables TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS plugins_by_creation_time ON plugins (creation_time, full_name);
CREATE INDEX IF NOT EXISTS plugins_by_code ON plugins (code_sha256);
CREATE TABLE IF NOT EXISTS image_tags (
    tag TEXT PRIMARY KEY,
    pushed_time TEXT NOT NULL
) STRICT;
"""
"""Plugins and image tags. ``config`` is the configuration from which the response and the next update are made.
``response`` is the finished JSON response: a page of search results only joins these texts. ``image_tags`` lists the
images in the repository."""

ALL_TABLES = (UMS_TABLES, DISPATCHER_TABLES, SETTINGS_TABLES)
"""In the order in which they may refer to each other."""
