-- Members of accounts, invitations, passwords and sessions.

select 1;
