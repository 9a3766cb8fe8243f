import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { withTransaction } from '../db/transaction.js';
import { workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import type { Day } from '../pipeline/plan.js';
import { readZone } from '../verify/verify.js';
import { day } from './day.js';
import { edge } from './edge.js';
import { type Explanation, type Known, nameOf, type Tap, type WhyKind, type WhyQuestion } from './known.js';
import { quest } from './quest-progress.js';
import { rank } from './rank.js';
import { streak } from './streak.js';
import { week } from './week.js';

const explanations: Record<WhyKind, (known: Known) => Promise<Explanation>> = {
  streak,
  edge,
  day,
  week,
  rank,
  quest,
};

/** Explains one number from the source rows. Throws a usage failure for somebody unknown. */
export const explain = (
  database: Database,
  settings: Settings,
  question: WhyQuestion,
): Promise<Explanation> =>
  withTransaction(
    database,
    settings,
    async (session) => {
      const zone = await readZone(session);
      const [moment] = await session.query<{ as_of_day: Day; alive_from_day: Day }>(
        readPackageFile('sql/verify/moment.sql'),
        [zone],
      );
      if (moment === undefined) throw workFailure('No day has been processed yet. Run: arc-gam backfill');
      const name = await nameOf(session, question.user);
      const taps = await session.query<Tap>(readPackageFile('sql/why/user_tap.sql'), [zone, question.user]);
      const known: Known = {
        session,
        zone,
        asOfDay: moment.as_of_day,
        aliveFromDay: moment.alive_from_day,
        question,
        name,
        taps,
      };
      return explanations[question.kind](known);
    },
    { readOnly: true },
  );
