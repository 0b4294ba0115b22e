-- The key of the file that holds the picture; its address stands in `icon`.

alter table accounts add column icon_key text collate "C";
alter table accounts add constraint accounts_icon_key_fkey foreign key (icon_key) references files (key) deferrable;
alter table buyers add column icon_key text collate "C";
alter table buyers add constraint buyers_icon_key_fkey foreign key (icon_key) references files (key) deferrable;
alter table licensees add column icon_key text collate "C";
alter table licensees add constraint licensees_icon_key_fkey foreign key (icon_key) references files (key) deferrable;
alter table sellers add column icon_key text collate "C";
alter table sellers add constraint sellers_icon_key_fkey foreign key (icon_key) references files (key) deferrable;
alter table users add column icon_key text collate "C";
alter table users add constraint users_icon_key_fkey foreign key (icon_key) references files (key) deferrable;
alter table products add column icon_key text collate "C";
alter table products add constraint products_icon_key_fkey foreign key (icon_key) references files (key) deferrable;
