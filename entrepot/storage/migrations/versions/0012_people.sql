-- Members of accounts, invitations, passwords and sessions.

-- A person as a member of one account. What users told of their accounts and groups follows from it from now on.
create table account_users (
    id text collate "C" not null,
    revision integer not null,
    user_id text collate "C",
    account_id text collate "C" not null,
    status text collate "C" not null check (status in ('Invited', 'Active', 'Removed', 'InvitationExpired')),
    invitation_hash text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_invited_at timestamptz(3),
    audit_invited_by_id text collate "C",
    audit_joined_at timestamptz(3),
    audit_joined_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, ''), 2) || '}')) stored,
    primary key (id)
);
create table account_users_groups (
    owner_id text collate "C" not null references account_users (id) on delete cascade deferrable,
    target_id text collate "C" not null references user_groups (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);
create index account_users_user on account_users (user_id);
create index account_users_account on account_users (account_id);
create index account_users_groups_target on account_users_groups (target_id);

create table identity_providers (
    id text collate "C" not null,
    revision integer not null,
    account_id text collate "C" not null,
    issuer text collate "C",
    client_id text collate "C",
    client_secret text collate "C",
    enabled boolean,
    domains jsonb,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, ''), 2) || '}')) stored,
    primary key (id)
);
alter table account_users add constraint account_users_user_id_fkey foreign key (user_id) references users (id) deferrable;
alter table account_users add constraint account_users_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table account_users add constraint account_users_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table account_users add constraint account_users_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table account_users add constraint account_users_audit_invited_by_id_fkey foreign key (audit_invited_by_id) references identities (id) deferrable;
alter table account_users add constraint account_users_audit_joined_by_id_fkey foreign key (audit_joined_by_id) references identities (id) deferrable;
alter table identity_providers add constraint identity_providers_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table identity_providers add constraint identity_providers_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table identity_providers add constraint identity_providers_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
create unique index identity_providers_account on identity_providers (account_id);

insert into account_users (id, revision, user_id, account_id, status, audit_created_at, audit_created_by_id)
select 'AUSR-' || substr(l.owner_id, 5) || '-' || substr(l.target_id, 5), 1, l.owner_id, l.target_id,
    case when u.status in ('Invited', 'InvitationExpired') then u.status else 'Active' end,
    u.audit_created_at, u.audit_created_by_id
from users_accounts l join users u on u.id = l.owner_id;
insert into trail (kind, object_id, owner_id, revision, place, event, name, at, actor_id, accounts, delta, details)
select 'accounts/account-users', id, '', 1, 0, 'platform.accounts.account_user.created', 'loaded',
    coalesce(audit_created_at, now()), 'SVC-0002', array[account_id], '{}', '{}'
from account_users;
insert into account_users_groups (owner_id, target_id, place)
select m.id, l.target_id, l.place
from users_groups l join user_groups g on g.id = l.target_id
    join account_users m on m.user_id = l.owner_id and m.account_id = g.account_id;

drop table users_accounts;
drop table users_groups;
create view users_accounts as
    select user_id as owner_id, account_id as target_id,
        (row_number() over (partition by user_id order by audit_created_at, id))::integer as place
    from account_users where status = 'Active';
create view users_groups as
    select m.user_id as owner_id, g.target_id,
        (row_number() over (partition by m.user_id order by m.id, g.place))::integer as place
    from account_users m join account_users_groups g on g.owner_id = m.id where m.status = 'Active';
create view user_groups_users as
    select g.target_id as owner_id, m.user_id as target_id,
        (row_number() over (partition by g.target_id order by m.id))::integer as place
    from account_users m join account_users_groups g on g.owner_id = m.id where m.status <> 'Removed';
create view account_users_modules as
    select owner_id, target_id, (row_number() over (partition by owner_id order by target_id))::integer as place
    from (select distinct l.owner_id, g.target_id
        from account_users_groups l join user_groups_modules g on g.owner_id = l.target_id) found;
create view account_users_buyers as
    select owner_id, target_id, (row_number() over (partition by owner_id order by target_id))::integer as place
    from (select distinct l.owner_id, g.target_id
        from account_users_groups l join user_groups_buyers g on g.owner_id = l.target_id) found;

-- Nobody is in a group that is gone: whoever joins holds the group's row shared, so this sees them.
create function entrepot_group_is_empty() returns trigger
    language plpgsql
    as $$ begin
        if exists (select from account_users_groups where target_id = new.id) then
            raise exception 'somebody has joined meanwhile' using errcode = 'serialization_failure';
        end if;
        return new;
    end $$;
create trigger user_groups_empty before update of status on user_groups
    for each row when (new.status = 'Deleted' and old.status <> 'Deleted') execute function entrepot_group_is_empty();

-- One person for each address; those who are deleted have none.
create unique index users_email_key on users (lower(email)) where status <> 'Deleted';

alter table users drop constraint users_status_check;
alter table users add constraint users_status_check
    check (status in ('Invited', 'InvitationExpired', 'Disabled', 'Active', 'Blocked', 'Deleted'));

-- Who is signed in. Found by a hash of the cookie; counted in real time.
create table sessions (
    id text collate "C" primary key,
    user_id text collate "C" not null references users (id) on delete cascade deferrable,
    account_id text collate "C" not null references accounts (id) on delete cascade deferrable,
    provider_id text collate "C" references identity_providers (id) on delete cascade deferrable,
    verifier text collate "C",
    began_at timestamptz not null default clock_timestamp(),
    seen_at timestamptz not null default clock_timestamp()
);
create index sessions_user on sessions (user_id);
create index sessions_seen on sessions (seen_at);

-- Passwords that were wrong, by e-mail and by address: there is an end to guessing.
create table sign_in_failures (
    key text collate "C" not null,
    at timestamptz not null default clock_timestamp()
);
create index sign_in_failures_key on sign_in_failures (key, at);
create index sign_in_failures_at on sign_in_failures (at);

-- One group of an account is its default: of several, the first stays it.
update user_groups g set is_default = false
    where is_default and status <> 'Deleted' and exists (
        select from user_groups b where b.account_id = g.account_id
            and b.is_default and b.status <> 'Deleted' and b.id < g.id
    );
set constraints all immediate;
alter table user_groups add constraint user_groups_one_default
    exclude (account_id with =) where (is_default and status <> 'Deleted') deferrable;
