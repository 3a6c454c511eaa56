"""The tables of subscriptions."""

SCHEMA = """
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
"""What a subscription does not have is an empty text, so that UNIQUE counts it."""
