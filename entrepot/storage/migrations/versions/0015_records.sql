-- Records that programs write, and the kinds of events that were seen.
--
-- A program's record is a row of the trail like every other, in the same chain: of kind `audit/records`, about the
-- thing that it names, and with the record's own id where others have that of an owner. What it tells stands in
-- `details`. It is written through the view, and read through it again.

create function entrepot_record_id(number bigint, kind text, owner_id text) returns text
    language sql immutable parallel safe
    return case when kind = 'audit/records' then owner_id else entrepot_audit_id(number) end;
create index trail_record_id on trail ((entrepot_record_id(id, kind, owner_id) collate "C"));

drop view events;
drop view audit_records;
drop index trail_audit_id;

create view audit_records as
    select
        entrepot_record_id(t.id, t.kind, t.owner_id) collate "C" as id,
        1 as revision,
        t.event,
        t.name,
        t.at as timestamp,
        case when t.kind = 'audit/records' then t.details ->> 'type' else 'Public' end as type,
        case when t.kind = 'audit/records' then t.details ->> 'kind' else t.kind end as object_kind,
        case when t.kind = 'audit/records' then t.details ->> 'owner' else t.owner_id end as object_owner_id,
        t.object_id,
        case when t.kind = 'audit/records' then t.details ->> 'objectType'
            else replace(initcap(replace(split_part(t.event, '.', 3), '_', ' ')), ' ', '') end as object_type,
        case when t.kind <> 'audit/records' then t.revision end as object_revision,
        t.actor_id,
        i.name as actor_name,
        i.icon as actor_icon,
        t.account_id as actor_account_id,
        t.delta -> 'status' ->> 1 as became,
        t.delta,
        t.details as facts,
        t.accounts,
        t.scope,
        coalesce((
            select jsonb_agg(jsonb_strip_nulls(
                jsonb_build_object('id', a.id, 'name', a.name, 'type', a.type, 'icon', a.icon)) order by a.id)
            from accounts a where a.id = any (t.accounts)
        ), '[]') as viewers,
        '{"id":"' || entrepot_record_id(t.id, t.kind, t.owner_id) || '","revision":1}' as core
    from trail t left join identities i on i.id = t.actor_id;

create function entrepot_write_record() returns trigger
    language plpgsql
    as $$ begin
        insert into trail (kind, object_id, owner_id, revision, place, event, name, at, actor_id, account_id, accounts,
            scope, delta, details)
        values ('audit/records', coalesce(new.object_id, ''), new.id, 1, 0, new.event, new.name, new.timestamp,
            new.actor_id, new.actor_account_id, new.accounts, new.scope, '{}', new.facts);
        return new;
    end $$;
create trigger audit_records_written instead of insert on audit_records
    for each row execute function entrepot_write_record();

create view events as
    select
        entrepot_record_id(t.id, t.kind, t.owner_id) collate "C" as id,
        t.revision,
        s.position,
        t.event,
        t.name,
        t.at,
        case when t.kind = 'audit/records' then t.details ->> 'kind' else t.kind end as object_kind,
        case when t.kind = 'audit/records' then t.details ->> 'owner' else t.owner_id end as object_owner_id,
        t.object_id,
        case when t.kind = 'audit/records' then t.details ->> 'objectType'
            else replace(initcap(replace(split_part(t.event, '.', 3), '_', ' ')), ' ', '') end as object_type,
        t.actor_id as by_id,
        t.account_id,
        t.delta -> 'status' ->> 1 as became,
        t.delta,
        t.details as facts,
        t.accounts,
        t.scope
    from seals s join trail t on t.id = s.trail_id;

-- Kinds of events, by their names. Nobody makes them: each is here once it has happened.
create table event_types (
    id text collate "C" not null,
    revision integer not null,
    key text collate "C" not null,
    name text collate "C",
    description text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"key":' || entrepot_quote("key"), '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);
create unique index event_types_key on event_types (key);
alter table event_types add constraint event_types_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table event_types add constraint event_types_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;

-- Whose programs write of such events: nobody else is told that there are any.
create table event_types_accounts (
    owner_id text collate "C" not null references event_types (id) on delete cascade deferrable,
    target_id text collate "C" not null references accounts (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

create function entrepot_register_event(event text, told text[]) returns void
    language plpgsql
    -- An id that follows from the name, and so is the same everywhere; where it is taken, the next that does.
    as $$ declare
        type_id text collate "C";
        words text;
        turn integer := 0;
        told_of_itself constant text := 'platform.audit.audit_event_type.created';
    begin
        if not exists (select from event_types where key = event) then
            loop
                type_id := 'AET-' || to_char(
                    (hashtextextended(event, turn) & 9223372036854775807) % 99990000 + 10000, 'FM00000000');
                type_id := substr(type_id, 1, 8) || '-' || substr(type_id, 9);
                exit when not exists (select from event_types where id = type_id);
                turn := turn + 1;
            end loop;
            words := replace(regexp_replace(event, '^(platform\.[^.]*|extensions)\.', ''), '.', ' ');
            words := replace(words, '_', ' ');
            insert into event_types (id, revision, key, name, audit_created_at, audit_created_by_id)
                values (type_id, 1, event, upper(left(words, 1)) || substr(words, 2), entrepot_now(), 'SVC-0002')
                on conflict do nothing;
            if found then
                insert into trail (kind, object_id, revision, place, event, name, at, actor_id, accounts, delta, details)
                    values ('audit/event-types', type_id, 1, 0, told_of_itself, 'event_type.created', entrepot_now(),
                        'SVC-0002', '{}', '{}', '{}');
                if event <> told_of_itself then
                    perform entrepot_register_event(told_of_itself, '{}');
                end if;
            end if;
        end if;
        if event not like 'platform.%' then
            insert into event_types_accounts (owner_id, target_id, place)
                select e.id, a, 1 from event_types e cross join unnest(told) a where e.key = event
                on conflict do nothing;
        end if;
    end $$;

-- What has happened so far.
select entrepot_register_event(event, '{}') from (select distinct event from trail order by event) seen
    where exists (select from installation);
