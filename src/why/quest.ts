import { type Day, daysBetween } from '../pipeline/plan.js';

/** A tap, as far as quests count it. */
export interface QuestTap {
  readonly day: Day;
  readonly local_time: string;
  readonly utc_time: string;
  readonly partner_id: string;
  readonly partner_name: string | null;
}

/** Something that counts 1 (for streak_days: that makes the streak `level` long), with the tap that did it. */
export interface Deed {
  readonly day: Day;
  readonly local_time: string;
  readonly utc_time: string;
  readonly what: string;
  readonly level?: number;
}

/** How far the deeds of a week got: the count, and the deed that reached the target if one did. */
export interface Reached {
  readonly count: number;
  readonly completedBy: Deed | null;
}

const firstOf = (taps: readonly QuestTap[], key: (tap: QuestTap) => string): QuestTap[] => [
  ...taps
    .reduce(
      (found, tap) => (found.has(key(tap)) ? found : found.set(key(tap), tap)),
      new Map<string, QuestTap>(),
    )
    .values(),
];

const withPartner = (tap: QuestTap): string => `with ${tap.partner_name ?? tap.partner_id}`;

/** What counts for a metric that follows from the user's own taps, in the order of time (metrics: section 9 of the contract). */
export const deedsOfTaps = (metric: string, taps: readonly QuestTap[]): Deed[] => {
  const told = (found: readonly QuestTap[], what: (tap: QuestTap) => string): Deed[] =>
    found.map((tap) => ({ ...tap, what: what(tap) }));
  const firstOfDays = firstOf(taps, ({ day }) => day);
  switch (metric) {
    case 'taps':
      return told(taps, withPartner);
    case 'active_days':
      return told(firstOfDays, (tap) => `first tap of the day, ${withPartner(tap)}`);
    case 'new_people':
      return told(
        firstOf(taps, ({ partner_id }) => partner_id),
        (tap) => `first tap ever ${withPartner(tap)}`,
      );
    case 'reconnections': {
      const last = new Map<string, Day>();
      return firstOf(taps, ({ day, partner_id }) => `${day} ${partner_id}`).flatMap((tap) => {
        const before = last.get(tap.partner_id);
        last.set(tap.partner_id, tap.day);
        const gap = before === undefined ? 0 : daysBetween(before, tap.day).length - 1;
        return gap >= 30 ? [{ ...tap, what: `${withPartner(tap)} again after ${gap} days` }] : [];
      });
    }
    case 'streak_days': {
      let level = 0;
      let before: Day | null = null;
      return firstOfDays.map((tap) => {
        level = before !== null && daysBetween(before, tap.day).length === 2 ? level + 1 : 1;
        before = tap.day;
        return { ...tap, level, what: `the streak is ${level} long` };
      });
    }
    default:
      return [];
  }
};

/** Counts deeds of one week in a window; deeds are in the order of time. */
export const reachedBy = (deeds: readonly Deed[], span: string, target: number): Reached => {
  const windows = new Map<string, Deed[]>();
  for (const deed of deeds) {
    const key = span === 'day' ? deed.day : '';
    windows.set(key, [...(windows.get(key) ?? []), deed]);
  }
  let count = 0;
  let completedBy: Deed | null = null;
  for (const inWindow of windows.values()) {
    const levels = inWindow.map(({ level }, index) => level ?? index + 1);
    count = Math.max(count, ...levels);
    const at = inWindow[levels.findIndex((level) => level >= target)];
    if (at !== undefined && (completedBy === null || at.utc_time < completedBy.utc_time)) completedBy = at;
  }
  return { count, completedBy };
};

/** Whether a day is a Saturday or Sunday. */
export const isWeekend = (day: Day): boolean => [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay());
