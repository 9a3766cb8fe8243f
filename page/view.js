import { zone as asked } from './address.js';
import { addDays, dayIn, daysBetween } from './text.js';

/**
 * What the panels are drawn from: the newest answers and what follows from them. Moments are the server's, so that a
 * clock that is wrong does not tell somebody that their day is over.
 */
export const viewOf = (answers, clockOffset) => {
  const { weekly, radar, health, quests } = answers;
  const zone = shownZone(weekly?.meta.tz_used ?? radar?.meta.tz_used ?? asked.asked);
  const now = Date.now() + clockOffset;
  const today = dayIn(now, zone);
  const isMock = Object.values(answers).some((answer) => answer?.source === 'mock');
  const watermark = weekly?.meta.watermark;
  const countedUntil = countedUntilOf(watermark, isMock);
  const calendar = weekly?.momentum.calendar ?? undefined;
  const metToday = new Map();
  let tapsToday = 0;
  let uncountedTaps = 0;
  for (const { ts, activity_count, participants } of radar?.buckets ?? []) {
    if (countedUntil !== null && Date.parse(ts) >= countedUntil) uncountedTaps += activity_count;
    if (dayIn(Date.parse(ts), zone) !== today) continue;
    tapsToday += activity_count;
    for (const { user_id, name } of participants) metToday.set(user_id, name);
  }
  const countedToday = calendar?.days.at(-1)?.day === today;
  const ties = health === undefined ? undefined : sumOf(health.summary);
  return {
    ...{ weekly, radar, health, quests, zone, now, today, isMock, watermark, countedUntil },
    calendar,
    metToday,
    uncountedTaps: radar?.meta.city_filter ? 0 : uncountedTaps,
    countedToday,
    /** undefined: not known, for want of a calendar and of the radar. */
    hasTappedToday: countedToday || tapsToday > 0 || (calendar || radar ? false : undefined),
    isNew:
      weekly?.momentum.longest_streak_days === 0 && ties === 0 && weekly.recap.first_degree_new.length === 0,
    /** Days since a tie's last tap as of today; the answer counts them from the as-of day. */
    silence: (tie) => silenceOf(tie, health?.as_of ?? today, today, metToday),
  };
};

/** The zone that times are shown in: UTC where the browser does not know the one of the address or of the answer. */
const shownZone = (zone = 'UTC') => {
  try {
    dayIn(0, zone);
    return zone;
  } catch {
    return 'UTC';
  }
};

const sumOf = ({ excellent, good, fair, needs_attention }) => excellent + good + fair + needs_attention;

const silenceOf = ({ other_user_id, last_tap_day, days_since_last_tap }, asOf, today, metToday) =>
  metToday.has(other_user_id) ? 0 : daysBetween(last_tap_day ?? addDays(asOf, -days_since_last_tap), today);

/** The moment up to which taps are counted, in milliseconds; null where nothing says. */
const countedUntilOf = (watermark, isMock) => {
  if (isMock || !watermark || watermark.as_of_day === null) return null;
  const { as_of_day, known_until, computed_at } = watermark;
  const until = Date.parse(known_until ?? `${addDays(as_of_day, 1)}T00:00:00Z`);
  // Of a day that is still running, nothing is counted that came after the last run.
  return computed_at === null ? until : Math.min(until, Date.parse(computed_at));
};
