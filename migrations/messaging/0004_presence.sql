-- Who has a live stream open, and at which process. Unlogged: none of it is worth anything after a crash of the database, and
-- every process writes its own again.

CREATE UNLOGGED TABLE messaging.instances (
    id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT instances_pkey PRIMARY KEY (id)
);

COMMENT ON TABLE messaging.instances IS
    'Running processes of the messaging service. One that does not renew its lease, by the clock of the database, is gone, and nobody is online there.';

CREATE UNLOGGED TABLE messaging.presences (
    user_id uuid NOT NULL,
    instance_id uuid NOT NULL,
    CONSTRAINT presences_pkey PRIMARY KEY (user_id, instance_id),
    CONSTRAINT presences_instance_id_fkey FOREIGN KEY (instance_id) REFERENCES messaging.instances (id) ON DELETE CASCADE
);

-- What a process leaves behind goes with it.
CREATE INDEX presences_instance_idx ON messaging.presences (instance_id);
