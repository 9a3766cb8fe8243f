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
      -- one row a meaning: Bavaria may be a packaged region and an operator's alias
      select area_key, state, country, bool_and(is_abbreviation) as is_abbreviation, min(kind) as kind
      from (
        select area_key, state, country, is_abbreviation, kind
        from gazetteer_area
        union all
        -- scripts without blanks: "東京都渋谷区" begins with a city
        select alias_key, null, country, false, 'nickname'
        from gazetteer_alias
        where city is not null
          and state is null
          and alias_key ~ '^[\u0e00-\u0e7f\u1100-\u11ff\u3040-\ud7ff\uf900-\ufaff]'
      ) as listed
      group by area_key, state, country
    ), unlinked as materialized (
      -- Nobody lives beyond 200 characters. Addresses of web and mail and handles ("IG: x", "@x", "x_y") are no names of
      -- places.
      select
        user_id,
        case
          when plain.text ~ '[:@_./=>-]' then
            regexp_replace(
              regexp_replace(
                plain.text,
                (
                  '\m(ig|insta|instagram|snap|snapchat|sc|twitter|tw|fb|facebook|kik|bbm|pin|tumblr|yt|youtube|skype|whatsapp|'
                  || 'line|tiktok|ask|psn|xbox|xbl|gt|discord|twitch|steam|email|mail|bookings?|contact|follow|add|dm|tel|tlf)\M'
                  || ' *(:|=|@|>|/{2}| - |-(?=\S*[0-9]))+ *\S+'
                ), ' ', 'gi'),
              '\S*(://|www\.|@|_)\S*|\S+\.(com|org|net|io|co|app|dev|gg|tv|xyz|info|edu|gov|ly)(/\S*|(?=\s|$))',
              ' ', 'gi')
          else plain.text
        end as text,
        substring(plain.text from '[\U0001F1E6-\U0001F1FF]{2}') as flag
      from changed_home
      cross join lateral (select normalize(left(original_text, 200), nfkc) as text) as plain
      where original_text is not null
    ), named_text as materialized (
      -- nor are coordinates ("UT: 30.35,-97.68") and postal codes
      select
        user_id,
        case
          when text ~ '[0-9]' then
            regexp_replace(
              regexp_replace(
                regexp_replace(
                  text,
                  '(\w{1,8} ?: ?)?[-+]?[0-9]{1,3}[.][0-9]+ *[°º]? *[NSns]? *[,;/ ] *[-+]?[0-9]{1,3}[.][0-9]+ *[°º]? *[EWewOo]?',
                  ' ', 'g'),
                '(?<![A-Za-z0-9])[0-9]{4,6}(-[0-9]{3,4})?(?![A-Za-z0-9])', ' ', 'g'),
              '(?<![A-Za-z0-9])([a-z][0-9][a-z][ -]?[0-9][a-z][0-9]|[a-z]{1,2}[0-9][a-z0-9]? +[0-9][a-z]{2})(?![A-Za-z0-9])',
              ' ', 'gi')
          else text
        end as text,
        flag
      from unlinked
    ), cleaned as materialized (
      select user_id, text, place_key(text) as text_key, flag
      from named_text
    ), whole_text as (
      -- "Dallas/Fort Worth" is an alias, "N/A" says that there is none: the whole text is looked up before it is cut
      select cleaned.user_id, alias.alias_key, alias.city is not null as is_city, alias.country is null as is_no_place
      from cleaned
      inner join gazetteer_alias as alias on alias.alias_key = cleaned.text_key
    ), piece as (
      -- several places: "NYC / LA", "SF | NYC", "London → Tokyo", "Paris ♥ Rome", "Ohio... Go Bucks!!!"
      select
        cleaned.user_id,
        piece.text,
        row_number() over (partition by cleaned.user_id order by piece.piece_no) as piece_no,
        count(*) over (partition by cleaned.user_id) as piece_count
      from cleaned
      cross join lateral unnest(
        regexp_split_to_array(
          cleaned.text, '[/\\|¦‖;+~•·…!\u2190-\u2bff\U0001F300-\U0001F5FF\U0001F600-\U0001FAFF]|[.]{2,}|->|<>'
        )
      ) with ordinality as piece (text, piece_no)
      where piece.text ~ '[A-Za-z0-9\u00c0-\u1fff\u3040-\ud7ff\uf900-\ufaff]'
    ), attempt as (
      -- "Trinidad and Tobago" is a name, "Boston and Miami" are two: first the words as they are, then what precedes "and".
      -- "Winston-Salem" is a name, "ATL-RDU-NYC" are three, when the first and another are names. The first piece that is a
      -- place is read, so later pieces are tried too. "AT&T" are no two.
      select
        cleaned.user_id,
        (coalesce(piece.piece_no, 1) * 10 + version.attempt_no)::integer as attempt_no,
        coalesce(piece.piece_no, 1) > 1 as is_later,
        version.text,
        case when version.text = cleaned.text then cleaned.text_key end as text_key,
        coalesce(piece.piece_count > 1, false) or version.attempt_no > 1 as is_several,
        version.attempt_no = 1 and soft.is_found as has_and
      from cleaned
      left join piece on piece.user_id = cleaned.user_id and piece.piece_no <= 4
      cross join lateral (
        select
          coalesce(piece.text ~ '\s(and|And|AND|&|or|vs[.]?|to|x|X|via|now|then|but)(\s|$)|[[:alpha:]]{3}&', false) as is_found,
          piece.text ~ '[^\s–—・-][–—・-][^\s–—・-]' as is_hyphenated
      ) as soft
      cross join lateral (
        values
          (1, coalesce(piece.text, '')),
          (2, case when soft.is_found then regexp_replace(piece.text, '(\s(and|And|AND|&|or|vs[.]?|to|x|X|via|now|then|but)(\s|$)|&).*$', '') end),
          (3, case when soft.is_hyphenated then split_part(translate(btrim(piece.text), '–—・', '---'), '-', 1) end)
      ) as version (attempt_no, text)
      where version.attempt_no = 1
        or version.attempt_no = 2 and soft.is_found
        or version.attempt_no = 3 and soft.is_hyphenated and (
          select count(*) filter (where word.word_no = 1) > 0 and count(*) > 1
          from unnest(string_to_array(translate(btrim(piece.text), '–—・', '---'), '-')) with ordinality as word (text, word_no)
          where (length(word.text) > 2 or word.text ~ '^[A-Z]{2}$')
            and (
              place_key(word.text) in (select area_key from area where kind in ('state', 'country', 'region'))
              or exists (
                select 1
                from gazetteer_name as known
                where known.name_key = place_key(word.text)
                  and (known.is_alias or length(word.text) > 2 and known.population >= 100000)
              )
            )
        )
    ), part as materialized (
      -- "Kigali. Rwanda" has two parts, "St. Louis" and "Washington D.C. area" do not
      select
        attempt.user_id, attempt.attempt_no, part.part_no::integer as part_no,
        -- what people call behind any name: "SoCal baby", "London innit"
        case
          when named.key ~ ' ' then
            regexp_replace(
              named.key,
              ' (baby|babe|bound|innit|bitch|bitches|yall|y all|born and raised|born n raised|bred|native|lol|haha|tho|fam|bro|mate|all day|stand up|represent)$',
              ''
            )
          else named.key
        end as part_key
      from attempt
      cross join lateral unnest(
        regexp_split_to_array(
          case
            when attempt.text ~ '[.]\s' then regexp_replace(attempt.text, '([^\s.]{4})[.]\s', '\1, ', 'g')
            else attempt.text
          end,
          '[][,(){}:、，\n\r]|\s[-–—]+\s'
        )
      ) with ordinality as part (text, part_no)
      cross join lateral (
        select case when part.text = attempt.text and attempt.text_key is not null then attempt.text_key else place_key(part.text) end as key
        offset 0
      ) as named
      where part.text ~ '[A-Za-z0-9\u00c0-\u1fff\u3040-\ud7ff\uf900-\ufaff]'
    ), part_ending as materialized (
      -- The longest last words that are an area: "new mexico", not "mexico". Scripts without blanks name the largest first:
      -- in them it is the longest beginning, and nothing else is asked for. What is an area as a whole is no other's
      -- beginning: アルバニア (Albania) begins like アルバ (Aruba).
      select distinct on (part.user_id, part.attempt_no, part.part_no)
        part.user_id, part.attempt_no, part.part_no, ending.ending_key as area_key, ending.before_key
      from part
      cross join lateral (
        select ending_key, before_key, word_count from place_key_endings(part.part_key)
        union all
        select left(part.part_key, beginning.length), '', beginning.length
        from generate_series(2, least(length(part.part_key) - 1, 24)) as beginning (length)
        where part.part_key ~ '^[\u0e00-\u0e7f\u1100-\u11ff\u3040-\ud7ff\uf900-\ufaff]'
      ) as ending
      inner join area on area.area_key = ending.ending_key
      -- a nickname of a city is its state only as a whole or when it is short: not in "Bokaro Steel City"
      where area.kind <> 'nickname'
        or ending.before_key = ''
        or length(area.area_key) <= 4
      order by
        part.user_id, part.attempt_no, part.part_no, ending.ending_key = part.part_key desc, ending.word_count desc
    ), before_area as materialized (
      select
        part_ending.user_id, part_ending.attempt_no, part_ending.part_no, part_ending.area_key as country_key,
        ending.ending_key, ending.before_key, ending.word_count
      from part_ending
      cross join lateral place_key_endings(part_ending.before_key) as ending
      where part_ending.before_key <> ''
    ), inner_ending as (
      -- without commas the state may stand before the country: "austin texas usa"
      select distinct on (before_area.user_id, before_area.attempt_no, before_area.part_no)
        before_area.user_id, before_area.attempt_no, before_area.part_no, before_area.ending_key as area_key,
        before_area.before_key
      from before_area
      inner join area as state on state.area_key = before_area.ending_key
      inner join area as country on country.area_key = before_area.country_key and country.country = state.country
      where state.state is not null
        and country.state is null
      order by before_area.user_id, before_area.attempt_no, before_area.part_no, before_area.word_count desc
    ), area_reading as materialized (
      -- every meaning of every area: CA is California and Canada; a flag is a country, after all parts
      select
        found.user_id, found.attempt_no, found.part_no, found.is_inner, found.area_key, found.before_key,
        area.state, area.country, area.is_abbreviation, area.kind, false as is_flag
      from (
        select user_id, attempt_no, part_no, area_key, before_key, false as is_inner from part_ending
        union all
        select user_id, attempt_no, part_no, area_key, before_key, true from inner_ending
      ) as found
      inner join area on area.area_key = found.area_key
      union all
      select attempt.user_id, attempt.attempt_no, 1000, false, area.area_key, '', null, area.country, false, 'country', true
      from cleaned
      inner join attempt on attempt.user_id = cleaned.user_id and attempt.attempt_no = 11
      inner join area
        on area.country = chr(ascii(cleaned.flag) - 127397) || chr(ascii(right(cleaned.flag, 1)) - 127397)
        and area.kind = 'country_code'
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
        area_reading.kind, area_reading.is_flag,
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
      left join (
        select area_key, country, bool_or(state is not null) as is_state
        from area
        where state is not null or kind in ('region', 'country')
        group by area_key, country
      ) as named on named.area_key = city_name.city_key and named.country = city_name.country
      inner join reading on reading.reading_id = city_name.reading_id
      where place.state = city_name.state
        or city_name.state is null
        -- "California, USA" is the state, not the town in Maryland; "New York, USA" is the city, because an alias says so;
        -- "Wales, UK" is no village, but "San Marino, San Marino" a city, and of what has no count of people nobody knows
        and (
          named.area_key is null
          or place.is_alias
          or not named.is_state
          and (place.population = 0 or place.population >= 20000 or reading.area_key = city_name.city_key)
        )
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
        bool_or(part_ending.area_key is not null and nickname.alias_key is null) over attempt_parts as has_area,
        bool_or(two_meanings.area_key is not null) over attempt_parts as has_two_meanings
      from part
      left join part_ending
        on part_ending.user_id = part.user_id
        and part_ending.attempt_no = part.attempt_no
        and part_ending.part_no = part.part_no
      left join gazetteer_alias as nickname on nickname.alias_key = part.part_key and nickname.city is not null
      left join (
        -- a state of the US and a country: CA, GA, DE, IN
        select area_key
        from area
        where is_abbreviation
        group by area_key
        having bool_or(state is not null and country = 'US') and bool_or(kind = 'country_code')
      ) as two_meanings on two_meanings.area_key = part.part_key
      window attempt_parts as (partition by part.user_id, part.attempt_no)
    ), lone_name as (
      -- Names of cities without an area. A lone part is one even if it ends like an area: "West Jordan" is not in Jordan.
      -- The first part may be a city although an area follows: "London, Dubai, Singapore"; not before a code of two
      -- meanings, which is the state where neither has the city: "London, CO".
      select
        user_id, attempt_no, part_no, part_count, part_count > 1 and has_area as is_beside_area, true as is_bare,
        part_key as city_key
      from lone_part
      where part_count = 1 or part_no = 1 and not (part_count = 2 and has_two_meanings) or not has_area
      union all
      select
        user_id, attempt_no, part_no, part_count, part_count > 1 and has_area, false, place_key_core(part_key)
      from lone_part
      where (part_count = 1 or not has_area)
        and place_key_core(part_key) <> part_key
    ), lone_place as (
      select
        lone_name.user_id, lone_name.attempt_no, lone_name.part_no, lone_name.part_count, lone_name.is_bare,
        lone_name.is_beside_area, lone_name.city_key,
        place.name as city, place.state, place.country, place.geohash5, place.population, place.is_alias,
        row_number() over same_name as place_rank,
        lead(place.population) over same_name as next_population,
        min(place.country) over all_of_name = max(place.country) over all_of_name as is_one_country
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
      ), all_of_name as (
        partition by lone_name.user_id, lone_name.attempt_no, lone_name.part_no, lone_name.city_key
      )
    ), lone_judged as (
      -- the only place of that name, or one that is ten times as large as the next; else nobody can know
      select
        user_id, attempt_no, part_no, part_count, is_beside_area, is_bare, is_alias, city_key, city, state, country, geohash5,
        population, is_one_country,
        is_alias or next_population is null or population > 0 and population >= 10 * next_population as is_sure
      from lone_place
      where place_rank = 1
        -- a village is called as any word is, and of what remains of a phrase only a large city is believed
        and (
          is_alias
          or population >= case
            when is_beside_area then 500000
            when not is_bare then 100000
            when city_key ~ ' ' then 5000
            else 15000
          end
        )
    ), lone_found as (
      -- when all of that name are in one country, at least that is known: "Pittsfield"
      select distinct on (user_id, attempt_no)
        user_id, attempt_no, part_count, is_beside_area, is_alias, city_key, is_sure, country,
        case when is_sure then city end as city,
        case when is_sure then state end as state,
        case when is_sure then geohash5 end as geohash5,
        case when is_sure then population end as population
      from lone_judged
      where is_sure
        or is_one_country and is_bare and not is_beside_area
      order by user_id, attempt_no, part_no, is_bare desc
    ), listed_area as (
      -- "France, USA, UK": names of several countries, of which none is in another
      select user_id, attempt_no
      from area_reading
      where before_key = ''
        and not is_abbreviation
        and not is_flag
        and not is_inner
      group by user_id, attempt_no
      having min(country) <> max(country)
    ), judged_reading as (
      select
        reading.user_id, reading.attempt_no, reading.part_no, reading.area_key, reading.state, reading.country,
        reading.before_key, reading.kind, reading.is_flag, reading.is_confirmed,
        city_found.city, city_found.state as city_state, city_found.geohash5, city_found.population, city_found.city_key,
        city_found.is_sure,
        reading.before_key <> '' and not before.is_usual or open_reading.reading_id is not null as is_open,
        reading.before_key <> '' and not before.is_usual as is_behind_words,
        listed_area.user_id is not null and reading.part_no = 1 and reading.before_key = '' and not reading.is_abbreviation
          as is_listed,
        -- Codes are areas only in capitals, and only after a comma or alone: "me", "in" and "ok" are words, and nobody
        -- knows what "tn" beside a star is. What precedes a region must be usual; a phrase only contains a name.
        case
          when reading.kind = 'region_code' then true
          when reading.is_flag then false
          when reading.area_key = 'america' and reading.before_key <> '' then true
          when before.is_phrase then true
          when reading.is_abbreviation and reading.before_key <> '' and not before.is_usual then true
          when reading.is_abbreviation and (
            length(reading.area_key) = 2
            or reading.area_key in ('ark', 'ill', 'mass', 'miss', 'ore', 'wash', 'ind', 'tex', 'penn', 'mont')
          ) and replace(cleaned.text, '.', '') !~ concat('\m', upper(reading.area_key collate "C"), '\M') then true
          when reading.kind = 'country_code' and reading.part_no = 1 and btrim(cleaned.text) !~ '^([A-Z]{2}|U[.]S[.]?)$' then true
          when reading.before_key = '' or before.is_usual or before.is_preposition then false
          else reading.kind = 'region' or reading.before_key ~ ' .* .* ' or reading.before_key ~ '[0-9]'
        end as is_word
      from reading
      inner join cleaned on cleaned.user_id = reading.user_id
      left join city_found on city_found.reading_id = reading.reading_id
      left join open_reading on open_reading.reading_id = reading.reading_id
      left join listed_area on listed_area.user_id = reading.user_id and listed_area.attempt_no = reading.attempt_no
      -- the words before an area: of a kind that says where in it, or ending in a preposition, or of a sentence
      cross join lateral (
        select
          reading.before_key <> '' and reading.before_key ~ (
            '^((the|my|good|old|great|sunny|rainy|cold|hot|beautiful|lovely|somewhere|anywhere|everywhere|all|over|down|way|'
            || 'north|south|east|west|northern|southern|eastern|western|north|northeast|northwest|southeast|southwest|'
            || 'northeastern|northwestern|southeastern|southwestern|ne|nw|se|sw|central|centre|center|upper|lower|mid|middle|'
            || 'inner|outer|greater|upstate|downstate|rural|coastal|republic|kingdom|state|province|region|of|in|from|near|'
            || 'around|outside|still|currently|now|living|live|lives|based|born|raised|and|nth|sth|en|desde|em|di|aus|dari)( |$))+$'
          ) as is_usual,
          reading.before_key <> '' and reading.before_key ~ '(^| )(in|near|outside|around|of|en|em)( the)?$' as is_preposition,
          reading.before_key <> '' and reading.before_key ~ (
            '\m(i|im|id|ill|ive|your|youre|you|u|ur|we|were|our|his|her|their|me|he|she|they|is|are|was|be|been|am|love|loves|'
            || 'loving|lovin|heart you|miss|missing|made|make|want|wanna|wish|dream|dreams|dreaming|going|gonna|go|to|with|by|not|'
            || 'without|for|like|who|what|why|how|when|never|until|till|protected|guarded|king|queen|prince|princess|god|gods|'
            || 'angel|angels|mr|mrs|ms|team|club|fc|fan|fans|hello|bye|goodbye|welcome|fuck|hate|hates|girl|boy|man|woman|kid|'
            || 'sweet|crazy|planet|hotel|little|lost|stuck|trapped|new|radio|visit|proudly|university|bank|air|times|daily|news)\M'
          ) and not reading.before_key ~ '(^| )(lost|stuck|trapped|living|live|somewhere) in( the)?$' as is_phrase
      ) as before
    ), candidate as (
      -- Every way to place a home, the lowest rank wins: 0 an alias, 1 a city in an area, 2 an area and nothing else,
      -- 3 a city alone or an area behind usual words (West Jordan is a town, West Ohio is not), 4 the first of several, 5
      -- an area beside words that nobody knows, 6 an area right behind such words.
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
        geohash5, case when kind = 'region_code' then 0 else population end, is_sure, is_flag, is_confirmed, part_no, area_key,
        case when is_flag then 'flag' when state is null then 'city_in_country' else 'city_in_state' end
      from judged_reading
      where city is not null
      union all
      select
        user_id, attempt_no,
        case
          when not is_open and before_key = '' then 2
          when not is_open then 3
          when is_listed then 4
          when is_behind_words then 6
          else 5
        end, area_key, null, state,
        country, null, null, true, is_flag, is_confirmed, part_no, area_key,
        case
          when is_open and is_listed then 'first_of_several'
          when is_flag then 'flag'
          when state is null then 'country'
          else 'state'
        end
      from judged_reading
      where city is null and not is_word
      union all
      select
        user_id, attempt_no,
        case when is_beside_area then 4 when is_alias and part_count = 1 then 0 else 3 end, city_key, city, state, country,
        geohash5, population, is_sure, false, false, 0, city_key,
        case
          when part_count > 1 then 'first_of_several'
          when is_alias then 'city_alias'
          when is_sure then 'city_alone'
          else 'country'
        end
      from lone_found
    ), best as (
      -- Of two readings of one code the one whose city is larger wins; without a city the state of the US, then the
      -- country.
      select distinct on (candidate.user_id)
        candidate.user_id, candidate.rank, candidate.city, candidate.state, candidate.country, candidate.geohash5,
        candidate.is_sure, candidate.is_flag, candidate.is_confirmed,
        case when attempt.is_several then 'first_of_several' else candidate.method end as method,
        count(*) over (
          partition by candidate.user_id, candidate.attempt_no, candidate.rank, candidate.part_no, candidate.area_key
        ) > 1 as is_ambiguous
      from candidate
      inner join cleaned on cleaned.user_id = candidate.user_id
      left join attempt on attempt.user_id = candidate.user_id and attempt.attempt_no = candidate.attempt_no
      where (not coalesce(attempt.has_and, false) or candidate.name_key ~ ' (and|or|vs|to|x|via|now|then|but) ')
        and not (
          coalesce(attempt.is_later, false)
          and (
            candidate.rank >= 5
            or length(candidate.name_key) = 2 and cleaned.text !~ concat('\m', upper(candidate.name_key collate "C"), '\M')
          )
        )
      order by
        candidate.user_id, candidate.rank = 6, candidate.attempt_no, candidate.rank, candidate.is_flag, candidate.is_confirmed desc,
        candidate.population desc nulls last, (candidate.country = 'US' and candidate.state is not null) desc,
        candidate.state is null desc, candidate.part_no desc, candidate.country collate "C", candidate.state collate "C",
        candidate.city collate "C"
    )
    select
      changed_home.user_id, changed_home.original_text, best.city, best.state, best.country, best.geohash5,
      case
        when best.country is null then 0
        when best.method = 'first_of_several' or best.rank >= 4 then 0.3
        when best.rank = 3 and not best.is_sure then 0.4
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
