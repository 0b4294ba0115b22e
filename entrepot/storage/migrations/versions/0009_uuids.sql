-- UUIDs for tongues that know nothing else: random, given once, beside the ids of the core.

create table uuids (
    kind text collate "C" not null,
    object_id text collate "C" not null,
    uuid uuid not null unique,
    primary key (kind, object_id)
);
