import { zone as asked } from './address.js';
import { addDays, dayIn, daysBetween, dayText, mondayOf } from './text.js';

/**
 * What the panels are drawn from: the newest answers and what follows from them. Moments are the server's, so that a
 * clock that is wrong does not tell somebody that their day is over.
 */
export const viewOf = (answers, clockOffset) => {
  const { weekly, radar, lately, health, quests } = answers;
  const zone = shownZone(weekly?.meta.tz_used ?? radar?.meta.tz_used ?? asked.asked);
  const now = Date.now() + clockOffset;
  const today = dayIn(now, zone);
  const isMock = Object.values(answers).some((answer) => answer?.source === 'mock');
  const watermark = weekly?.meta.watermark;
  const countedUntil = countedUntilOf(weekly, isMock);
  const calendar = weekly?.momentum.calendar ?? undefined;
  const metOn = new Map();
  const tappedDays = new Set(calendar?.days.slice(-2).map(({ day }) => day));
  let uncountedTaps = 0;
  for (const { ts, activity_count, participants } of lately?.buckets ?? []) {
    if (activity_count === 0) continue;
    const day = dayIn(Date.parse(ts), zone);
    tappedDays.add(day);
    if (countedUntil !== null && Date.parse(ts) >= countedUntil) uncountedTaps += activity_count;
    for (const { user_id } of participants) metOn.set(user_id, day);
  }
  const countedToday = calendar?.days.at(-1)?.day === today;
  const has = (day) => tappedDays.has(day) || (lately === undefined ? undefined : false);
  const hasTappedToday = has(today);
  const hasTappedYesterday = has(addDays(today, -1));
  const weeksAhead = weeksAheadOf(watermark, isMock, today);
  const ties = health === undefined ? undefined : sumOf(health.summary);
  return {
    ...{ weekly, radar, health, quests, zone, now, today, isMock, watermark, countedUntil },
    calendar,
    /** By user, the latest day of the last two on which the viewer tapped with them, counted or not. */
    metOn,
    uncountedTaps,
    countedToday,
    /** undefined: not known, for want of the taps that are not counted yet. */
    hasTappedToday,
    /** As counted; but one that is alive on the as-of day is over once a day has passed without a tap. */
    streakDays:
      hasTappedYesterday === false && !countedToday ? 0 : (weekly?.momentum.current_streak_days ?? 0),
    /** Not where days lie between the as-of day and yesterday, of which nothing is known here. */
    isStreakKnown:
      hasTappedToday !== undefined &&
      (hasTappedYesterday === false ||
        isMock ||
        !watermark?.as_of_day ||
        watermark.as_of_day >= addDays(today, -2)),
    hasTappedYesterday,
    weeksAhead,
    /** The week of the answers. */
    weekText:
      { [-1]: 'last week', 0: 'this week', 1: 'next week' }[weeksAhead] ??
      `in the week of ${dayText(mondayOf(watermark.as_of_day))}`,
    isNew:
      weekly?.momentum.longest_streak_days === 0 && ties === 0 && weekly.recap.first_degree_new.length === 0,
    /** Days since a tie's last tap as of today; the answer counts them from the as-of day. */
    silence: (tie) => silenceOf(tie, health?.as_of ?? today, today, metOn),
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

const silenceOf = ({ other_user_id, last_tap_day, days_since_last_tap }, asOf, today, metOn) =>
  daysBetween(metOn.get(other_user_id) ?? last_tap_day ?? addDays(asOf, -days_since_last_tap), today);

/**
 * How many weeks the week of the answers, which is that of the as-of day, is ahead of the viewer's: -1 from Monday's
 * midnight until Monday is counted, and 1 on a Sunday where it is Monday already in the zone of the counting.
 */
const weeksAheadOf = (watermark, isMock, today) =>
  isMock || !watermark || watermark.as_of_day === null
    ? 0
    : daysBetween(mondayOf(today), mondayOf(watermark.as_of_day)) / 7;

/** The moment up to which the viewer's taps are counted, in milliseconds; null where nothing says. */
const countedUntilOf = (weekly, isMock) => {
  const watermark = weekly?.meta.watermark;
  if (isMock || !watermark || watermark.as_of_day === null) return null;
  const { as_of_day, known_until, computed_at } = watermark;
  const until = Date.parse(weekly.week.counted_until ?? known_until ?? `${addDays(as_of_day, 1)}T00:00:00Z`);
  // Of a day that is still running, nothing is counted that came after the last run.
  return computed_at === null ? until : Math.min(until, Date.parse(computed_at));
};
