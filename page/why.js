/**
 * How each list is counted: the one place that says it. The server sends it (meta.why), `arc-gam why` says it, and the
 * page has it for an answer without. atLeast: the connections in common that a recommendation needs, REC_MIN_MUTUALS.
 */
export const sentencesOf = ({ atLeast = 2 } = {}) => ({
  streak:
    'Days in a row on which you tapped somebody. A streak is alive as long as its last day is today or yesterday; a day without a tap ends it at midnight.',
  weekly_goal: 'Every tap of yours since Monday counts, with whomever it was.',
  new_connections: 'People whom you tapped for the first time ever.',
  second_degree:
    'People whom one of your connections has tapped and you have not: friends of friends who came within reach.',
  geo_expansion:
    'Cities in which you tapped for the first time: the place nearest to the middle of the five-kilometre cell of the tap.',
  community_activity: 'All taps of everybody, by day.',
  leaderboard:
    'The running week, Monday to Sunday. Connectors: people met for the first time ever. Builders: new friends of friends. Streaks: the longest that a streak became this week. Who has the same figure has the same rank.',
  recommendations: `Friends of your friends with at least ${atLeast === 1 ? 'one connection' : `${atLeast === 2 ? 'two' : atLeast} connections`} in common with you. More connections in common, a tap not long ago and a home near yours come first.`,
  quests: 'Quests run from Monday to Sunday. Those that are nearest to done come first.',
  radar:
    'Your own taps, hour by hour. The last 24 hours are read as they are and not waited for until they are counted; what is older is as the last run counted it.',
  surges:
    'Hours in which an area near you has far more taps than at the same hour of the weeks before. People are rounded down to five.',
  health:
    'Strength is 0.6 × ln(1 + taps of the last 90 days) + 0.4 × e^(−days since the last one / 21), as a share of what a pair reaches that taps every week. Excellent from 80 %, good from 60 %, fair from 40 %.',
  fading:
    'A tie of three active days or more fades when its silence is longer than two weeks and than two and a half times your usual gap. After 90 days without a tap it has no strength any more, and stays on this list.',
});

const sentences = sentencesOf();

/** The sentence about a topic: the answer's own, else the page's. */
export const whyOf = (topic, answer) => answer?.meta?.why?.[topic] ?? sentences[topic];
