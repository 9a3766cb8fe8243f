import { withFigures } from '../citus/quiet.js';
import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { openUser } from '../verify/scope.js';
import { readZone, requireProcessed } from '../verify/verify.js';
import {
  type Asked,
  type Explanation,
  nameOf,
  rowsOf,
  type Tap,
  type WhyKind,
  type WhyQuestion,
} from './answer.js';
import { day } from './day.js';
import { edge } from './edge.js';
import { quest } from './quest.js';
import { rank } from './rank.js';
import { streak } from './streak.js';
import { week } from './week.js';

const explanations: Record<WhyKind, (asked: Asked) => Promise<Explanation>> = {
  streak,
  edge,
  day,
  week,
  rank,
  quest,
};

/**
 * Explains one number from the source rows, in sentences about what verify recomputes. Throws a usage failure for an
 * unknown user.
 */
export const explain = (
  database: Database,
  settings: Settings,
  question: WhyQuestion,
): Promise<Explanation> =>
  withFigures(
    database,
    settings,
    async (session) => {
      const zone = await readZone(session);
      const name = await nameOf(session, question.user);
      if (question.date !== null)
        await requireProcessed(session, question.date, question.kind === 'day' ? 'day' : 'week');
      const graph = question.kind === 'week' || question.kind === 'rank' || question.kind === 'quest';
      const clock = await openUser(session, question.user, zone, { graph });
      const taps = await rowsOf<Tap>(session, 'tap', [question.user]);
      const asked = question.date ?? taps.at(-1)?.day ?? clock.asOfDay;
      return explanations[question.kind]({ session, clock, question, name, taps, day: asked });
    },
    { user: question.user },
  );
