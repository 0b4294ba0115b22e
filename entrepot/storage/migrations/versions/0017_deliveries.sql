-- Event subscriptions, whoever receives anything, and deliveries with their attempts.

create table event_subscriptions (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    status text collate "C" not null check (status in ('Active', 'Paused', 'Disabled')),
    pause_reason text collate "C",
    url text collate "C",
    description text collate "C",
    events jsonb,
    condition text collate "C",
    account_id text collate "C",
    secret text collate "C",
    former_secret text collate "C",
    former_secret_until timestamptz(3),
    fault text collate "C" check (fault in ('timeout', 'error', 'twice', 'reorder')),
    fault_times integer,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_activated_at timestamptz(3),
    audit_activated_by_id text collate "C",
    audit_disabled_at timestamptz(3),
    audit_disabled_by_id text collate "C",
    audit_paused_at timestamptz(3),
    audit_paused_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);

create table event_subscriptions_modules (
    owner_id text collate "C" not null references event_subscriptions (id) on delete cascade deferrable,
    target_id text collate "C" not null references modules (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);
create table event_subscriptions_buyers (
    owner_id text collate "C" not null references event_subscriptions (id) on delete cascade deferrable,
    target_id text collate "C" not null references buyers (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);
alter table event_subscriptions add constraint event_subscriptions_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table event_subscriptions add constraint event_subscriptions_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table event_subscriptions add constraint event_subscriptions_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table event_subscriptions add constraint event_subscriptions_audit_activated_by_id_fkey foreign key (audit_activated_by_id) references identities (id) deferrable;
alter table event_subscriptions add constraint event_subscriptions_audit_disabled_by_id_fkey foreign key (audit_disabled_by_id) references identities (id) deferrable;
alter table event_subscriptions add constraint event_subscriptions_audit_paused_by_id_fkey foreign key (audit_paused_by_id) references identities (id) deferrable;
create index event_subscriptions_account on event_subscriptions (account_id);

-- Whoever is sent events, of whatever kind: how far it has read, and how it fares. Kept by the engine, not by rooms.
-- `reads_all`: the reader may see every account's events.
create table receivers (
    id text collate "C" primary key,
    kind text collate "C" not null,
    account_id text collate "C",
    reads_all boolean not null default false,
    active boolean not null default true,
    position bigint not null,
    leased_until timestamptz,
    failures integer not null default 0,
    failing_since timestamptz,
    retry_at timestamptz,
    delivered integer not null default 0,
    failed integer not null default 0,
    fault text collate "C",
    fault_left integer
);
create index receivers_behind on receivers (position) where active;

create table deliveries (
    id text collate "C" primary key,
    revision integer not null default 1,
    receiver_id text collate "C" not null references receivers (id) on delete cascade,
    kind text collate "C" not null default 'webhook',
    account_id text collate "C",
    position bigint,
    event text collate "C",
    object_id text collate "C",
    object_type text collate "C",
    object_key text collate "C" not null default '',
    payload jsonb not null,
    status text collate "C" not null default 'Pending' check (status in ('Pending', 'Delivered', 'Failed')),
    tries integer not null default 0,
    made_at timestamptz(3) not null default clock_timestamp(),
    first_tried_at timestamptz,
    next_at timestamptz not null default clock_timestamp(),
    leased_until timestamptz,
    delivered_at timestamptz(3),
    attempts jsonb not null default '[]'
) with (fillfactor = 70);
create unique index deliveries_position on deliveries (receiver_id, position);
create index deliveries_due on deliveries (receiver_id, next_at, position) where status = 'Pending';
create index deliveries_in_order on deliveries (receiver_id, object_key, position) where status = 'Pending';
create index deliveries_made on deliveries using brin (made_at);
create index deliveries_account on deliveries (account_id, made_at);

create view webhook_deliveries as
    select
        id,
        revision,
        receiver_id as subscription_id,
        account_id,
        status,
        event,
        object_id,
        object_type as object_object_type,
        tries,
        made_at as created,
        (case when status = 'Pending' then next_at end)::timestamptz(3) as next_attempt,
        delivered_at as delivered,
        attempts,
        payload
    from deliveries where kind = 'webhook';

create function entrepot_redeliver() returns trigger
    language plpgsql
    as $$ begin
        new.next_at := clock_timestamp();
        new.first_tried_at := null;
        return new;
    end $$;
create trigger deliveries_again before update of status on deliveries
    for each row when (new.status = 'Pending' and old.status <> 'Pending') execute function entrepot_redeliver();

create function entrepot_receiver() returns trigger
    language plpgsql
    -- A subscription reads on from where everything stood when it was made; while it is not active it keeps its place.
    as $$ begin
        if tg_op = 'DELETE' then
            delete from receivers where id = old.id;
        elsif tg_op = 'INSERT' then
            insert into receivers (id, kind, account_id, reads_all, active, position, fault, fault_left)
            select new.id, 'webhook', new.account_id,
                coalesce((select type = 'Operations' from accounts where id = new.account_id), true),
                new.status = 'Active', position, new.fault, new.fault_times
            from sealer;
        else
            if new.status is distinct from old.status then
                update receivers set active = new.status = 'Active', leased_until = null, failures = 0,
                    failing_since = null, retry_at = null
                where id = new.id;
                if new.status = 'Active' then
                    update deliveries set next_at = clock_timestamp(), first_tried_at = null
                    where receiver_id = new.id and status = 'Pending';
                end if;
            end if;
            if (new.url, new.fault, new.fault_times) is distinct from (old.url, old.fault, old.fault_times) then
                update receivers set fault = new.fault, fault_left = new.fault_times, retry_at = null where id = new.id;
            end if;
        end if;
        return null;
    end $$;
create trigger event_subscriptions_receiver after insert or update or delete on event_subscriptions
    for each row execute function entrepot_receiver();
