-- Files: a row for each, wherever its bytes lie, and their bytes where they lie here; and what holds the first of them.

create table files (
    key text collate "C" primary key,
    name text not null,
    content_type text not null,
    size bigint not null,
    sha256 bytea not null,
    outside boolean not null,
    held boolean not null,
    at timestamptz not null default now()
);

create index files_unheld on files (at) where not held;

create table file_pieces (
    key text collate "C" not null references files (key) on delete cascade deferrable,
    place integer not null,
    content bytea not null,
    primary key (key, place)
);

-- Documents are compressed already.
alter table file_pieces alter column content set storage external;

create table agreement_attachments (
    id text collate "C" not null,
    revision integer not null,
    agreement_id text collate "C" not null,
    name text collate "C",
    description text collate "C",
    type text collate "C" check (type in ('File', 'LicenseKey')),
    filename text collate "C",
    size integer,
    content_type text collate "C",
    file_key text collate "C",
    license_key text collate "C",
    order_id text collate "C",
    client_id text collate "C",
    vendor_id text collate "C",
    buyer_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);

create index agreement_attachments_agreement on agreement_attachments (agreement_id);

alter table agreement_attachments add constraint agreement_attachments_agreement_id_fkey foreign key (agreement_id) references agreements (id) deferrable;
alter table agreement_attachments add constraint agreement_attachments_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table agreement_attachments add constraint agreement_attachments_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table agreement_attachments add constraint agreement_attachments_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table agreement_attachments add constraint agreement_attachments_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table agreement_attachments add constraint agreement_attachments_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table agreement_attachments add constraint agreement_attachments_file_key_fkey foreign key (file_key) references files (key) deferrable;
