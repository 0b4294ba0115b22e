-- Event types, and records that programs write themselves.

select 1;
