-- What has its place in the order of everything, as readers of the feed may see it. A row appears when it is sealed.
create view events as
    select
        entrepot_audit_id(t.id) collate "C" as id,
        t.revision,
        s.position,
        t.event,
        t.name,
        t.at,
        t.kind as object_kind,
        t.owner_id as object_owner_id,
        t.object_id,
        replace(initcap(replace(split_part(t.event, '.', 3), '_', ' ')), ' ', '') as object_type,
        t.actor_id as by_id,
        t.account_id,
        t.delta -> 'status' ->> 1 as became,
        t.delta,
        t.details as facts,
        t.accounts,
        t.scope
    from seals s join trail t on t.id = s.trail_id;
