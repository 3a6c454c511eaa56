"""Tables of the settings service."""

SCHEMA = """
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
"""``config`` is what the answer and the next update are made from. ``response`` is the answer itself, ready as JSON:
a page of a search only joins such texts. ``image_tags`` are the images in the repository."""
