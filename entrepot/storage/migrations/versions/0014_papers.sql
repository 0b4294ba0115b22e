-- Terms, documents, media, and what goes with prices.

select 1;
