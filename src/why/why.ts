import { withFigures } from '../citus/quiet.js';
import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import type { Session } from '../db/transaction.js';
import { usageFailure } from '../errors.js';
import { openUser } from '../verify/scope.js';
import { readZone } from '../verify/verify.js';
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

/** Of what is not processed nothing is known, and that is no 0. Throws a usage failure for such a day or week. */
const requireProcessed = async (session: Session, { kind, date }: WhyQuestion): Promise<void> => {
  if (date === null) return;
  const [processed] = await session.query(
    kind === 'day'
      ? 'select 1 from processed_day where day = $1::date'
      : "select 1 from processed_day where date_trunc('week', day) = date_trunc('week', $1::date) limit 1",
    [date],
  );
  if (processed === undefined)
    throw usageFailure(
      `--date ${date}: ${kind === 'day' ? 'that day is not' : 'no day of that week is'} processed, so nothing of it is stored.`,
    );
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
      await requireProcessed(session, question);
      const graph = question.kind === 'week' || question.kind === 'rank' || question.kind === 'quest';
      const clock = await openUser(session, question.user, zone, { graph });
      const taps = await rowsOf<Tap>(session, 'tap', [question.user]);
      const asked = question.date ?? taps.at(-1)?.day ?? clock.asOfDay;
      return explanations[question.kind]({ session, clock, question, name, taps, day: asked });
    },
    { user: question.user },
  );
