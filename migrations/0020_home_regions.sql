-- Up Migration

drop view gazetteer_name;
drop view gazetteer_area;

-- As in 0003, but quicker, "City of X" keeps its first words (the City of Angels is not the town of Angels), and the marks above
-- Arabic letters vanish like other accents.
create or replace function place_key(name text) returns text
language sql immutable strict parallel safe
return
  -- 6. Abbreviations that start a name ("^" marks the start), and "St" anywhere: "Ft Worth", "Port St Lucie",
  --    "N Las Vegas". A blank follows, so never the last word, where "MT" is Montana. "The Bronx" is "Bronx".
  ltrim(replace(replace(replace(replace(replace(replace(replace(replace(replace(
    '^' ||
    -- 0. Most names are plain words, and nothing of what follows concerns them.
    case when name ~ '^[A-Za-z]+( [A-Za-z]+)*$' then lower(name collate "C") else
    -- 5. What is neither a letter nor a digit (punctuation, controls, emoji, symbols) parts words.
    btrim(regexp_replace(
      -- 4. "D.C." is "dc", "&" is "and".
      replace(regexp_replace(
        case
          -- 1. Plain ASCII, as nine names of ten are, is quickly done. Apostrophes vanish: "Coeur d'Alene" is "coeur dalene".
          when name ~ '^[ -~]*$' then translate(lower(name collate "C"), '''`', '')
          else
            -- 3. Lower case, and the letters that do not decompose.
            replace(replace(replace(replace(translate(
              -- 2. Compatibility letters become plain ones; accents, apostrophes and zero-width characters vanish.
              regexp_replace(
                normalize(name, nfkd),
                '[\u0300-\u036f\u0640\u064b-\u0655\u0670''’‘ʻʼ`\u00ad\u200b-\u200d\u2060\ufe0f\ufeff]+', '', 'g'),
              'ABCDEFGHIJKLMNOPQRSTUVWXYZØøŁłĐđıĦħŦŧÐðẞÆŒÞАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЄІЂЋΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩς',
              'abcdefghijklmnopqrstuvwxyzoollddihhttddßæœþабвгдежзиклмнопрстуфхцчшщъыьэюяєіђћαβγδεζηθικλμνξοπρστυφχψωσ'
            ), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th')
        end,
        '(?<![a-z])([a-z])\.', '\1', 'g'), '&', ' and '),
      '[^a-z0-9\u00c0-\u1fff\u3040-\ud7ff\uf900-\ufaff]+', ' ', 'g')) end,
    '^the ', '^'),
    '^st ', '^saint '), ' st ', ' saint '), '^ft ', '^fort '), '^mt ', '^mount '),
    '^n ', '^north '), '^s ', '^south '), '^e ', '^east '), '^w ', '^west '),
    '^');

create or replace function place_key_core(name_key text) returns text
language sql immutable strict parallel safe
-- nothing stands around a single word
return case when name_key ~ ' ' then regexp_replace(
  name_key,
  '^((.* )?(in|from|near|around|outside|south ?side|north ?side|east ?side|west ?side) (of )?)?(((the|my|da|good|old|sunny|rainy|snowy|cold|hot|beautiful|lovely|downtown|uptown|greater|metro|metropolitan|central|inner|north|south|east|west|northern|southern|eastern|western|northeast|northwest|southeast|southwest) )*((city|town|province|state) of )?)(?=.)'
    '| (metro |metropolitan )?(area|metro|metroplex|suburbs|city|town|ish|timur|barat|selatan|utara|pusat|norte|sul|sur|oeste|este|nord|sud|ost)$',
  '', 'g') else name_key end;

comment on function place_key_core(text) is
  'A key without the words that people put around a name: "downtown austin", "sunny manchester", "somewhere near boston", "chicago area".';

-- "City of Orange" is also "orange". Keys are stored: those of operators' aliases are made anew here, the others when
-- the packaged data is loaded again, in the same transaction.
alter table gazetteer_place drop column short_key;
alter table gazetteer_place add column short_key text generated always as (
  case
    when name ~ ',| \(balance\)$|^City of ' then
      nullif(place_key(regexp_replace(name, ',.*$| \(balance\)$|^City of ', '')), '')
  end
) stored;
create index gazetteer_place_short_key_idx on gazetteer_place (short_key) where short_key is not null;
comment on index gazetteer_place_short_key_idx is 'Places of a short name.';
comment on column gazetteer_place.short_key is
  'The key of the part before a comma ("Washington, D.C." is also "washington") or the census bureau''s "(balance)", or behind "City of"; null for other names.';
update gazetteer_alias set alias = alias;
delete from gazetteer_load;

create table gazetteer_region (
  region_key text not null,
  country    text not null references gazetteer_country,
  kind       text not null check (kind in ('country', 'region', 'region_code')),
  primary key (region_key, kind),
  check (region_key <> '')
);

comment on table gazetteer_region is
  'Names that say a country: countries in the languages of the world (npm package i18n-iso-countries), first-level regions of the larger ones (sql/gazetteer/regions.csv), and codes of regions that people write behind a city. Only names that mean one country. Filled by migrate, not meant to be edited: an addition belongs into gazetteer_alias.';
comment on column gazetteer_region.region_key is 'The name as place_key writes it.';
comment on column gazetteer_region.country is 'ISO 3166-1 alpha-2.';
comment on column gazetteer_region.kind is
  'country: a name of the country itself; region: of a part of it; region_code: a code that says the country only behind one of its cities (Recife-PE).';

create view gazetteer_area as
  select name_key as area_key, code as state, country, false as is_abbreviation, 'state' as kind
  from gazetteer_state
  union
  select place_key(code), code, country, true, 'state_code'
  from gazetteer_state
  union
  select name_key, null, code, false, 'country'
  from gazetteer_country
  union
  select place_key(code), null, code, true, 'country_code'
  from gazetteer_country
  union
  -- a city can stand for its area too: "Brooklyn NYC"
  select
    alias_key, state, country, (city is not null or state is not null) and length(alias_key) <= 4,
    case when city is not null then 'nickname' when state is not null then 'state' else 'country' end
  from gazetteer_alias
  where country is not null
    and (city is null or state is not null)
  union
  -- an alias is stronger, also one that says no place: "Island" is Iceland only to some
  select region.region_key, null, region.country, region.kind = 'region_code', region.kind
  from gazetteer_region as region
  left join gazetteer_alias as alias on alias.alias_key = region.region_key
  where alias.alias_key is null
    or region.kind = 'region_code';

comment on view gazetteer_area is
  'Every name and code of a state, country or region, and the nicknames of cities for their states: several rows for one that means several (CA, GA, Georgia).';
comment on column gazetteer_area.area_key is 'The name or code as place_key writes it.';
comment on column gazetteer_area.state is 'Code in gazetteer_state; null for a country, and for a region of several states.';
comment on column gazetteer_area.country is 'ISO 3166-1 alpha-2.';
comment on column gazetteer_area.is_abbreviation is 'A code or short form (TX, Fla), which can also be a word of a sentence: "follow me".';
comment on column gazetteer_area.kind is
  'What it is a name of: state, country, region; state_code, country_code, region_code: its code; nickname: a city.';

create view gazetteer_name as
  select name_key, place_id, name, state, country, population, geohash5, false as is_alias
  from gazetteer_place
  union all
  select short_key, place_id, name, state, country, population, geohash5, false
  from gazetteer_place
  where short_key is not null
  union all
  (
    -- an alias is one place: the largest of that name in its state and country
    select distinct on (alias.alias_key)
      alias.alias_key, place.place_id, place.name, place.state, place.country, place.population, place.geohash5, true
    from gazetteer_alias as alias
    inner join gazetteer_place as place
      on place.name_key = place_key(alias.city)
      and place.country = alias.country
      and (place.state = alias.state or alias.state is null)
    order by alias.alias_key, place.population desc, place.place_id
  );

comment on view gazetteer_name is 'Every name of every place: a row per name and place.';
comment on column gazetteer_name.name_key is 'The name as place_key writes it.';
comment on column gazetteer_name.place_id is 'The place, as in gazetteer_place.';
comment on column gazetteer_name.name is 'What the place is called.';
comment on column gazetteer_name.state is 'Its state''s code, where states are kept.';
comment on column gazetteer_name.country is 'Its country, ISO 3166-1 alpha-2.';
comment on column gazetteer_name.population is 'Its people: the larger place wins.';
comment on column gazetteer_name.geohash5 is 'The cell of its centre.';
comment on column gazetteer_name.is_alias is 'True: from gazetteer_alias, so it means this place and no other of that name.';

-- Down Migration

drop view gazetteer_name;
drop view gazetteer_area;
drop table gazetteer_region;

create or replace function place_key(name text) returns text
language sql immutable strict parallel safe
return
  -- 6. Abbreviations that start a name ("^" marks the start), and "St" anywhere: "Ft Worth", "Port St Lucie",
  --    "N Las Vegas". A blank follows, so never the last word, where "MT" is Montana. "The Bronx" is "Bronx".
  ltrim(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
    '^' ||
    -- 5. What is neither a letter nor a digit (punctuation, controls, emoji, symbols) parts words.
    btrim(regexp_replace(
      -- 4. "D.C." is "dc", "&" is "and".
      replace(regexp_replace(
        case
          -- 1. Plain ASCII, as nine names of ten are, is quickly done. Apostrophes vanish: "Coeur d'Alene" is "coeur dalene".
          when name ~ '^[ -~]*$' then translate(lower(name collate "C"), '''`', '')
          else
            -- 3. Lower case, and the letters that do not decompose.
            replace(replace(replace(replace(translate(
              -- 2. Compatibility letters become plain ones; accents, apostrophes and zero-width characters vanish.
              regexp_replace(
                normalize(name, nfkd),
                '[\u0300-\u036f''’‘ʻʼ`\u00ad\u200b-\u200d\u2060\ufe0f\ufeff]+', '', 'g'),
              'ABCDEFGHIJKLMNOPQRSTUVWXYZØøŁłĐđıĦħŦŧÐðẞÆŒÞАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЄІЂЋΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩς',
              'abcdefghijklmnopqrstuvwxyzoollddihhttddßæœþабвгдежзиклмнопрстуфхцчшщъыьэюяєіђћαβγδεζηθικλμνξοπρστυφχψωσ'
            ), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th')
        end,
        '(?<![a-z])([a-z])\.', '\1', 'g'), '&', ' and '),
      '[^a-z0-9\u00c0-\u1fff\u3040-\ud7ff\uf900-\ufaff]+', ' ', 'g')),
    '^the ', '^'), '^city of ', '^'),
    '^st ', '^saint '), ' st ', ' saint '), '^ft ', '^fort '), '^mt ', '^mount '),
    '^n ', '^north '), '^s ', '^south '), '^e ', '^east '), '^w ', '^west '),
    '^');

create or replace function place_key_core(name_key text) returns text
language sql immutable strict parallel safe
return regexp_replace(
  name_key,
  '^((.* )?(in|from|near|around|outside) (of )?)?((downtown|greater|metro) )?(?=.)| (metro |metropolitan )?(area|metro|metroplex|suburbs)$',
  '', 'g');

comment on function place_key_core(text) is
  'A key without the words that people put around a name: "downtown austin", "somewhere near boston", "chicago area".';

alter table gazetteer_place drop column short_key;
alter table gazetteer_place add column short_key text generated always as (
  case when name ~ ',| \(balance\)$' then nullif(place_key(regexp_replace(name, ',.*$| \(balance\)$', '')), '') end
) stored;
create index gazetteer_place_short_key_idx on gazetteer_place (short_key) where short_key is not null;
comment on index gazetteer_place_short_key_idx is 'Places of a short name.';
comment on column gazetteer_place.short_key is 'The key of the part before a comma ("Washington, D.C." is also "washington") or the census bureau''s "(balance)"; null for other names.';
-- Under the older key two aliases can be one name ("City of Angels", "Angels"). The packaged ones are loaded again.
delete from gazetteer_alias where is_packaged;
delete from gazetteer_alias as target
using gazetteer_alias as other
where place_key(other.alias) = place_key(target.alias)
  and other.alias_key < target.alias_key;
update gazetteer_alias set alias = alias;
delete from gazetteer_load;

create view gazetteer_area as
  select name_key as area_key, code as state, country, false as is_abbreviation
  from gazetteer_state
  union
  select place_key(code), code, country, true
  from gazetteer_state
  union
  select name_key, null, code, false
  from gazetteer_country
  union
  select place_key(code), null, code, true
  from gazetteer_country
  union
  -- a city can stand for its area too: "Brooklyn NYC"
  select alias_key, state, country, (city is not null or state is not null) and length(alias_key) <= 4
  from gazetteer_alias
  where country is not null
    and (city is null or state is not null);

comment on view gazetteer_area is
  'Every name and code of a state, country or region, and the nicknames of cities for their states: several rows for one that means several (CA, GA, Georgia).';
comment on column gazetteer_area.area_key is 'The name or code as place_key writes it.';
comment on column gazetteer_area.state is 'Code in gazetteer_state; null for a country, and for a region of several states.';
comment on column gazetteer_area.country is 'ISO 3166-1 alpha-2.';
comment on column gazetteer_area.is_abbreviation is 'A code or short form (TX, Fla), which can also be a word of a sentence: "follow me".';

create view gazetteer_name as
  select name_key, place_id, name, state, country, population, geohash5, false as is_alias
  from gazetteer_place
  union all
  select short_key, place_id, name, state, country, population, geohash5, false
  from gazetteer_place
  where short_key is not null
  union all
  (
    -- an alias is one place: the largest of that name in its state and country
    select distinct on (alias.alias_key)
      alias.alias_key, place.place_id, place.name, place.state, place.country, place.population, place.geohash5, true
    from gazetteer_alias as alias
    inner join gazetteer_place as place
      on place.name_key = place_key(alias.city)
      and place.country = alias.country
      and (place.state = alias.state or alias.state is null)
    order by alias.alias_key, place.population desc, place.place_id
  );

comment on view gazetteer_name is 'Every name of every place: a row per name and place.';
comment on column gazetteer_name.name_key is 'The name as place_key writes it.';
comment on column gazetteer_name.place_id is 'The place, as in gazetteer_place.';
comment on column gazetteer_name.name is 'What the place is called.';
comment on column gazetteer_name.state is 'Its state''s code, where states are kept.';
comment on column gazetteer_name.country is 'Its country, ISO 3166-1 alpha-2.';
comment on column gazetteer_name.population is 'Its people: the larger place wins.';
comment on column gazetteer_name.geohash5 is 'The cell of its centre.';
comment on column gazetteer_name.is_alias is 'True: from gazetteer_alias, so it means this place and no other of that name.';
