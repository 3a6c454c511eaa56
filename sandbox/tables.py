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
    image_digest TEXT,
    service_user_id TEXT NOT NULL,
    system_variables TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS plugins_by_creation_time ON plugins (creation_time, full_name);
CREATE INDEX IF NOT EXISTS plugins_by_code ON plugins (code_sha256);
CREATE INDEX IF NOT EXISTS plugins_by_image ON plugins (image_digest);

CREATE TABLE IF NOT EXISTS plugin_versions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    full_name TEXT NOT NULL,
    time TEXT NOT NULL,
    version INTEGER NOT NULL,
    config TEXT NOT NULL,
    code_sha256 TEXT,
    image_tag TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS plugin_versions_by_plugin ON plugin_versions (full_name, number);
"""
"""Plugins. ``config`` is the configuration from which the response and the next update are made.
``response`` is the finished JSON response: a page of search results only joins these texts. ``image_digest`` is what
``image_tag`` pointed to when the plugin took it; the tag may have moved since."""

IMAGE_MIGRATION_FROM_4 = (
    "ALTER TABLE plugins ADD COLUMN image_digest TEXT",
    """UPDATE plugins SET image_digest = (
        SELECT digest FROM registry_tag WHERE repository = 'local-biot/plugins' AND tag = image_tag
    )""",
)
"""Before, the tag was looked up at each call."""
IMAGE_MIGRATION_FROM_3 = IMAGE_MIGRATION_FROM_4[:1]
"""There was no registry yet."""

REGISTRY_TABLES = """
CREATE TABLE IF NOT EXISTS registry_blob (
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    pushed_time TEXT NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT;
CREATE INDEX IF NOT EXISTS registry_blob_digest ON registry_blob (digest);

CREATE TABLE IF NOT EXISTS registry_manifest (
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT;

CREATE TABLE IF NOT EXISTS registry_reference (
    repository TEXT NOT NULL,
    manifest TEXT NOT NULL,
    part TEXT NOT NULL,
    PRIMARY KEY (repository, manifest, part),
    FOREIGN KEY (repository, manifest) REFERENCES registry_manifest (repository, digest) ON DELETE CASCADE
) STRICT;
CREATE INDEX IF NOT EXISTS registry_reference_part ON registry_reference (repository, part);

CREATE TABLE IF NOT EXISTS registry_tag (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    digest TEXT NOT NULL,
    pushed_time TEXT NOT NULL,
    PRIMARY KEY (repository, tag),
    FOREIGN KEY (repository, digest) REFERENCES registry_manifest (repository, digest) ON DELETE CASCADE
) STRICT;

CREATE TABLE IF NOT EXISTS registry_credential (
    access_key_id TEXT PRIMARY KEY,
    secret_access_key TEXT NOT NULL,
    session_token TEXT NOT NULL,
    expires REAL NOT NULL
) STRICT;
"""
"""Container images. The blobs themselves are files. ``registry_reference`` says which blobs and manifests a manifest
names. Secret access keys are stored as plain text, because they verify signatures; they end after an hour."""

REGISTRY_MIGRATION_FROM_3 = ("DROP TABLE IF EXISTS image_tags",)
"""Before there was a registry, a tag could be registered without an image."""

ENTITY_TABLES = """
CREATE TABLE IF NOT EXISTS entity_template (
    id TEXT PRIMARY KEY,
    entity_type_name TEXT NOT NULL,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    parent_id TEXT REFERENCES entity_template (id),
    creation_time TEXT NOT NULL,
    last_modified_time TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entity_template_name ON entity_template (entity_type_name, name);

CREATE TABLE IF NOT EXISTS entity (
    entity_type_name TEXT NOT NULL,
    id TEXT NOT NULL,
    template_id TEXT NOT NULL REFERENCES entity_template (id),
    creation_time TEXT NOT NULL,
    last_modified_time TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (entity_type_name, id)
) STRICT;
CREATE INDEX IF NOT EXISTS entity_creation_time ON entity (entity_type_name, creation_time, id);
CREATE INDEX IF NOT EXISTS entity_email ON entity (json_extract(document, '$._email'));
CREATE INDEX IF NOT EXISTS entity_device ON entity (json_extract(document, '$._device.id'));
"""
"""Templates and entities. ``document`` has the attributes of an entity as JSON; a reference in it is only an id."""

ENTITY_MIGRATION_FROM_2 = tuple(
    f"UPDATE ums_user SET scopes = json_insert(scopes, '$[#]', '{scope}') WHERE username = 'admin@biot.local'"  # noqa: S608  # fixed texts
    for scope in (
        "ORGANIZATION_CHANGE_ADMIN",
        "SETTINGS_SEARCH_TEMPLATE",
        "SETTINGS_GET_TEMPLATE",
        "SETTINGS_CREATE_TEMPLATE",
        "SETTINGS_DELETE_TEMPLATE",
    )
)
"""What the administrator of a database of schema version 2 lacks: the permissions for templates and organizations."""

TEMPLATE_MIGRATION_FROM_5 = (
    (
        "UPDATE ums_service_user SET scopes = json_insert(scopes, '$[#]', 'SETTINGS_SEARCH_TEMPLATE')"
        " WHERE name = 'biot-plugin'"
    ),
)
"""What the service user of a database of schema version 5 lacks: the permission to search templates."""

ALL_TABLES = (UMS_TABLES, DISPATCHER_TABLES, SETTINGS_TABLES, REGISTRY_TABLES, ENTITY_TABLES)
"""In the order in which they may refer to each other."""
