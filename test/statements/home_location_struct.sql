-- stage
create temp table stage as
select
  user_id,
  wanted.original_text,
  wanted.city,
  wanted.state,
  wanted.country,
  wanted.geohash5,
  wanted.confidence,
  wanted.method,
  wanted.parser_version,
  stored.original_text as old_original_text,
  stored.city as old_city,
  stored.state as old_state,
  stored.country as old_country,
  stored.geohash5 as old_geohash5,
  stored.confidence as old_confidence,
  stored.method as old_method,
  stored.parser_version as old_parser_version,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    user_id,
    original_text,
    city,
    state,
    country,
    geohash5,
    confidence,
    method,
    parser_version,
    true as is_wanted
  from (
    with area as materialized (
      select area_key, state, country, is_abbreviation
      from gazetteer_area
    ), cleaned as materialized (
      -- Nobody lives beyond 200 characters. Addresses of web and mail, @handles and postal codes are no names of places.
      select
        user_id,
        regexp_replace(
          regexp_replace(
            regexp_replace(
              normalize(left(original_text, 200), nfkc),
              '\S*(://|www\.|@)\S*|\S+\.(com|org|net|io|co|app|dev|gg|tv|xyz|info|edu|gov|ly)(/\S*|(?=\s|$))',
              ' ', 'gi'),
            '(?<![A-Za-z0-9])[0-9]{4,6}(-[0-9]{3,4})?(?![A-Za-z0-9])', ' ', 'g'),
          '(?<![A-Za-z0-9])([a-z][0-9][a-z][ -]?[0-9][a-z][0-9]|[a-z]{1,2}[0-9][a-z0-9]? +[0-9][a-z]{2})(?![A-Za-z0-9])',
          ' ', 'gi') as text,
        substring(left(original_text, 200) from '[\U0001F1E6-\U0001F1FF]{2}') as flag
      from changed_home
      where original_text is not null
    ), whole_text as (
      -- "Dallas/Fort Worth" is an alias, "N/A" says that there is none: the whole text is looked up before it is cut
      select cleaned.user_id, alias.alias_key, alias.city is not null as is_city, alias.country is null as is_no_place
      from cleaned
      inner join gazetteer_alias as alias on alias.alias_key = place_key(cleaned.text)
    ), piece as (
      -- several places: "NYC / LA", "SF | NYC", "London → Tokyo"
      select
        cleaned.user_id,
        piece.text,
        row_number() over (partition by cleaned.user_id order by piece.piece_no) as piece_no,
        count(*) over (partition by cleaned.user_id) as piece_count
      from cleaned
      cross join lateral unnest(regexp_split_to_array(cleaned.text, '[/|;+•·→↔⇄➡✈]|->|<>'))
        with ordinality as piece (text, piece_no)
      where piece.text ~ '[A-Za-z0-9\u00c0-\u1fff\u3040-\ud7ff\uf900-\ufaff]'
    ), attempt as (
      -- "Trinidad and Tobago" is a name, "Boston and Miami" are two: first the words as they are, then what precedes "and"
      select
        cleaned.user_id,
        version.attempt_no,
        version.text,
        coalesce(piece.piece_count > 1, false) or version.attempt_no = 2 as is_several,
        version.attempt_no = 1 and soft.is_found as has_and
      from cleaned
      left join piece on piece.user_id = cleaned.user_id and piece.piece_no = 1
      cross join lateral (select coalesce(piece.text ~ '\s(and|And|AND|&|or)\s', false) as is_found) as soft
      cross join lateral (
        values (1, coalesce(piece.text, '')), (2, regexp_replace(piece.text, '\s(and|And|AND|&|or)\s.*$', ''))
      ) as version (attempt_no, text)
      where version.attempt_no = 1 or soft.is_found
    ), part as materialized (
      select attempt.user_id, attempt.attempt_no, part.part_no::integer as part_no, place_key(part.text) as part_key
      from attempt
      cross join lateral unnest(regexp_split_to_array(attempt.text, '[][,(){}:、\n\r]|\s[-–—]+\s'))
        with ordinality as part (text, part_no)
      where part.text ~ '[A-Za-z0-9\u00c0-\u1fff\u3040-\ud7ff\uf900-\ufaff]'
    ), part_ending as materialized (
      -- the longest last words that are an area: "new mexico", not "mexico"
      select distinct on (part.user_id, part.attempt_no, part.part_no)
        part.user_id, part.attempt_no, part.part_no, ending.ending_key as area_key, ending.before_key
      from part
      cross join lateral place_key_endings(part.part_key) as ending
      inner join area on area.area_key = ending.ending_key
      order by part.user_id, part.attempt_no, part.part_no, ending.word_count desc
    ), inner_ending as (
      -- without commas the state may stand before the country: "austin texas usa"
      select distinct on (part_ending.user_id, part_ending.attempt_no, part_ending.part_no)
        part_ending.user_id, part_ending.attempt_no, part_ending.part_no, ending.ending_key as area_key, ending.before_key
      from part_ending
      cross join lateral place_key_endings(part_ending.before_key) as ending
      inner join area as country on country.area_key = part_ending.area_key and country.state is null
      inner join area as state on state.area_key = ending.ending_key and state.country = country.country
      where state.state is not null
      order by part_ending.user_id, part_ending.attempt_no, part_ending.part_no, ending.word_count desc
    ), area_reading as materialized (
      -- every meaning of every area: CA is California and Canada; a flag is a country, after all parts
      select
        found.user_id, found.attempt_no, found.part_no, found.is_inner, found.area_key, found.before_key,
        area.state, area.country, area.is_abbreviation, false as is_flag
      from (
        select user_id, attempt_no, part_no, area_key, before_key, false as is_inner from part_ending
        union all
        select user_id, attempt_no, part_no, area_key, before_key, true from inner_ending
      ) as found
      inner join area on area.area_key = found.area_key
      union all
      select attempt.user_id, attempt.attempt_no, 1000, false, area.area_key, '', null, area.country, false, true
      from cleaned
      inner join attempt on attempt.user_id = cleaned.user_id
      inner join area
        on area.country = chr(ascii(cleaned.flag) - 127397) || chr(ascii(right(cleaned.flag, 1)) - 127397)
        and area.area_key = place_key(area.country)
        and area.state is null
    ), named_country as (
      select user_id, attempt_no, country, max(part_no) as part_no
      from area_reading
      where state is null
      group by user_id, attempt_no, country
    ), reading as materialized (
      select
        row_number() over (order by area_reading.user_id, area_reading.attempt_no) as reading_id,
        area_reading.user_id, area_reading.attempt_no, area_reading.part_no, area_reading.area_key,
        area_reading.before_key, area_reading.state, area_reading.country, area_reading.is_abbreviation,
        area_reading.is_flag,
        -- a state whose country is named behind it is sure: "Georgia, USA", "London, ON, Canada"
        area_reading.state is not null
          and named_country.part_no + area_reading.is_inner::integer > area_reading.part_no
          is true as is_confirmed
      from area_reading
      left join named_country
        on named_country.user_id = area_reading.user_id
        and named_country.attempt_no = area_reading.attempt_no
        and named_country.country = area_reading.country
    ), other_part as materialized (
      -- the parts beside a reading's own; those that are the same state or country leave nothing open: "Texas, USA"
      select
        reading.reading_id, reading.state, reading.country, reading.part_no as area_no, part.part_no, part.part_key,
        bool_or(area.area_key is not null) as is_area
      from reading
      inner join part
        on part.user_id = reading.user_id
        and part.attempt_no = reading.attempt_no
        and part.part_no <> reading.part_no
      left join area
        on area.area_key = part.part_key
        and area.country = reading.country
        and (area.state = reading.state or area.state is null or reading.state is null)
      group by reading.reading_id, reading.state, reading.country, reading.part_no, part.part_no, part.part_key
    ), open_reading as (
      select distinct reading_id
      from other_part
      where not is_area
    ), city_text as (
      -- Where a reading's city may stand, the likeliest first. Beside a state it is next to it ("Soho, Austin, TX"); of a
      -- country only the first part is the city, and a province follows ("Rosario, Santa Fe, Argentina").
      select
        reading_id, state, country, before_key as city_key, case when state is null then part_no else 0 end as distance
      from reading
      where before_key <> ''
      union all
      select
        reading_id, state, country, part_key,
        case
          when part_no > area_no then part_no + 1000
          when state is null then part_no
          else area_no - part_no
        end
      from other_part
      where part_no < area_no
        or not is_area
    ), city_name as (
      select reading_id, state, country, distance, true as is_bare, city_key
      from city_text
      union all
      select reading_id, state, country, distance, false, place_key_core(city_key)
      from city_text
      where place_key_core(city_key) <> city_key
    ), city_place as (
      select
        city_name.reading_id, city_name.city_key, place.name as city, place.state, place.geohash5, place.population,
        row_number() over likely as place_rank,
        lead(place.population) over (
          partition by city_name.reading_id, city_name.distance, city_name.is_bare
          order by place.population desc, place.place_id
        ) as next_population
      from city_name
      inner join gazetteer_name as place
        on place.name_key = city_name.city_key
        and place.country = city_name.country
      left join (select distinct area_key, country from area where state is not null) as state
        on state.area_key = city_name.city_key
        and state.country = city_name.country
      where place.state = city_name.state
        or city_name.state is null
        -- "California, USA" is the state, not the town in Maryland; "New York, USA" is the city, because an alias says so
        and (state.area_key is null or place.is_alias)
      window likely as (
        partition by city_name.reading_id
        order by city_name.distance, city_name.is_bare desc, place.population desc, place.place_id
      )
    ), city_found as (
      select
        reading_id, city_key, city, state, geohash5, population,
        next_population is null or population >= 10 * next_population as is_sure
      from city_place
      where place_rank = 1
    ), lone_part as (
      -- a nickname of a city does not make an area of a text: "London, NYC"
      select
        part.user_id, part.attempt_no, part.part_no, part.part_key,
        count(*) over attempt_parts as part_count,
        bool_or(part_ending.area_key is not null and nickname.alias_key is null) over attempt_parts as has_area
      from part
      left join part_ending
        on part_ending.user_id = part.user_id
        and part_ending.attempt_no = part.attempt_no
        and part_ending.part_no = part.part_no
      left join gazetteer_alias as nickname on nickname.alias_key = part.part_key and nickname.city is not null
      window attempt_parts as (partition by part.user_id, part.attempt_no)
    ), lone_name as (
      -- Names of cities without an area. A lone part is one even if it ends like an area: "West Jordan" is not in Jordan.
      select user_id, attempt_no, part_no, part_count, true as is_bare, part_key as city_key
      from lone_part
      where part_count = 1 or not has_area
      union all
      select user_id, attempt_no, part_no, part_count, false, place_key_core(part_key)
      from lone_part
      where (part_count = 1 or not has_area)
        and place_key_core(part_key) <> part_key
    ), lone_place as (
      select
        lone_name.user_id, lone_name.attempt_no, lone_name.part_no, lone_name.part_count, lone_name.is_bare,
        lone_name.city_key,
        place.name as city, place.state, place.country, place.geohash5, place.population, place.is_alias,
        row_number() over same_name as place_rank,
        lead(place.population) over same_name as next_population
      from lone_name
      inner join gazetteer_name as place on place.name_key = lone_name.city_key
      left join gazetteer_alias as no_place on no_place.alias_key = lone_name.city_key and no_place.country is null
      left join (select distinct area_key from area) as area on area.area_key = lone_name.city_key
      -- "us" is also a village in France, and "near Texas" is not near the town of that name
      where no_place.alias_key is null
        and (place.is_alias or lone_name.is_bare and length(lone_name.city_key) > 2 or area.area_key is null)
      window same_name as (
        partition by lone_name.user_id, lone_name.attempt_no, lone_name.part_no, lone_name.city_key
        order by place.is_alias desc, place.population desc, place.place_id
      )
    ), lone_found as (
      -- the only place of that name, or one that is ten times as large as the next; else nobody can know
      select distinct on (user_id, attempt_no)
        user_id, attempt_no, part_count, is_alias, city_key, city, state, country, geohash5, population
      from lone_place
      where place_rank = 1
        and (is_alias or next_population is null or population > 0 and population >= 10 * next_population)
      order by user_id, attempt_no, part_no, is_bare desc
    ), judged_reading as (
      select
        reading.user_id, reading.attempt_no, reading.part_no, reading.area_key, reading.state, reading.country,
        reading.is_flag, reading.is_confirmed,
        city_found.city, city_found.state as city_state, city_found.geohash5, city_found.population, city_found.city_key,
        city_found.is_sure,
        reading.before_key <> '' or open_reading.reading_id is not null as is_open,
        -- "me", "in" and "ok" are states only in capitals, and only after a comma or alone: never in "follow me"
        reading.is_abbreviation and (
          reading.before_key <> ''
          or reading.area_key in (
            'ad', 'ai', 'am', 'ark', 'as', 'at', 'be', 'by', 'de', 'do', 'hi', 'id', 'ill', 'im', 'in', 'is', 'it',
            'la', 'ma', 'mass', 'me', 'miss', 'my', 'no', 'oh', 'ok', 'or', 'ore', 'pa', 'pm', 'ps', 'so', 'to', 'tv',
            'us', 'wash'
          ) and replace(cleaned.text, '.', '') !~ concat('\m', upper(reading.area_key collate "C"), '\M')
        ) as is_word
      from reading
      inner join cleaned on cleaned.user_id = reading.user_id
      left join city_found on city_found.reading_id = reading.reading_id
      left join open_reading on open_reading.reading_id = reading.reading_id
    ), candidate as (
      -- Every way to place a home, the lowest rank wins: 0 an alias, 1 a city in an area, 2 an area and nothing else,
      -- 3 a city alone, 4 an area beside words that nobody knows.
      select
        user_id, 0 as attempt_no, 0 as rank, alias_key as name_key, place.name as city, place.state, place.country,
        place.geohash5, place.population, true as is_sure, false as is_flag, false as is_confirmed,
        0 as part_no, '' as area_key,
        case when is_no_place then 'none' else 'city_alias' end as method
      from whole_text
      left join gazetteer_name as place on place.name_key = whole_text.alias_key and place.is_alias
      where is_no_place or is_city
      union all
      select
        user_id, attempt_no, 1, concat_ws(' ', city_key, area_key), city, city_state, country,
        geohash5, population, is_sure, is_flag, is_confirmed, part_no, area_key,
        case when is_flag then 'flag' when state is null then 'city_in_country' else 'city_in_state' end
      from judged_reading
      where city is not null
      union all
      select
        user_id, attempt_no, case when is_open then 4 else 2 end, area_key, null, state, country,
        null, null, true, is_flag, is_confirmed, part_no, area_key,
        case when is_flag then 'flag' when state is null then 'country' else 'state' end
      from judged_reading
      where city is null and not is_word
      union all
      select
        user_id, attempt_no, case when is_alias and part_count = 1 then 0 else 3 end, city_key, city, state, country,
        geohash5, population, true, false, false, 0, city_key,
        case when part_count > 1 then 'first_of_several' when is_alias then 'city_alias' else 'city_alone' end
      from lone_found
    ), best as (
      -- Of two readings of one code the one whose city is larger wins; without a city the state of the US, then the country.
      select distinct on (candidate.user_id)
        candidate.user_id, candidate.rank, candidate.city, candidate.state, candidate.country, candidate.geohash5,
        candidate.is_sure, candidate.is_flag, candidate.is_confirmed,
        case when attempt.is_several then 'first_of_several' else candidate.method end as method,
        count(*) over (
          partition by candidate.user_id, candidate.attempt_no, candidate.rank, candidate.part_no, candidate.area_key
        ) > 1 as is_ambiguous
      from candidate
      left join attempt on attempt.user_id = candidate.user_id and attempt.attempt_no = candidate.attempt_no
      where not coalesce(attempt.has_and, false)
        or candidate.name_key ~ ' (and|or) '
      order by
        candidate.user_id, candidate.attempt_no, candidate.rank, candidate.is_flag, candidate.is_confirmed desc,
        candidate.population desc nulls last, (candidate.country = 'US' and candidate.state is not null) desc,
        candidate.state is null desc, candidate.part_no desc, candidate.country collate "C", candidate.state collate "C",
        candidate.city collate "C"
    )
    select
      changed_home.user_id, changed_home.original_text, best.city, best.state, best.country, best.geohash5,
      case
        when best.country is null then 0
        when best.method = 'first_of_several' or best.rank = 4 then 0.3
        when best.rank = 0 then 0.9
        when best.rank = 1 and not best.is_sure then 0.6
        when best.is_ambiguous and not best.is_confirmed then case when best.rank = 1 then 0.6 else 0.4 end
        when best.is_flag then 0.5
        when best.rank = 1 then case when best.method = 'city_in_state' then 0.95 else 0.9 end
        else 0.7
      end::real as confidence,
      coalesce(best.method, 'none') as method,
      changed_home.parser_version
    from changed_home
    left join best on best.user_id = changed_home.user_id
    where changed_home.original_text is not null
  ) as selected
) as wanted
full join (
  select
    stored.user_id,
    stored.original_text,
    stored.city,
    stored.state,
    stored.country,
    stored.geohash5,
    stored.confidence,
    stored.method,
    stored.parser_version,
    true as is_stored
  from changed_home
  join home_location_struct as stored on stored.user_id = changed_home.user_id
) as stored using (user_id)
where (wanted.is_wanted, wanted.original_text, wanted.city, wanted.state, wanted.country, wanted.geohash5, wanted.confidence, wanted.method, wanted.parser_version)
  is distinct from (stored.is_stored, stored.original_text, stored.city, stored.state, stored.country, stored.geohash5, stored.confidence, stored.method, stored.parser_version);

-- delete
delete from home_location_struct as target
using stage
where not stage.is_wanted
  and target.user_id = stage.user_id;

-- upsert
insert into home_location_struct as target (user_id, original_text, city, state, country, geohash5, confidence, method, parser_version)
select stage.user_id, stage.original_text, stage.city, stage.state, stage.country, stage.geohash5, stage.confidence, stage.method, stage.parser_version
from stage
where stage.is_wanted
order by stage.user_id
on conflict (user_id) do update set
  original_text = excluded.original_text,
  city = excluded.city,
  state = excluded.state,
  country = excluded.country,
  geohash5 = excluded.geohash5,
  confidence = excluded.confidence,
  method = excluded.method,
  parser_version = excluded.parser_version;
