-- What long lists of offers need.
select 1;
