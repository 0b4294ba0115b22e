-- What else vendors validate.

-- What came of asking a vendor to validate a request.
alter table requests add column validation_status text collate "C"
    check (validation_status in ('Valid', 'Invalid', 'Refused', 'Unanswered'));
alter table requests add column validation_at timestamptz(3);
alter table requests add column validation_webhook_id text collate "C";
alter table requests add column validation_reason text collate "C";

-- An answer, which is given in a chat, is no enrollment.
update webhooks set object_type = null where type = 'ValidateAnswer';
