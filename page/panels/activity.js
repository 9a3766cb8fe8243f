import { barChart } from '../chart.js';
import { element } from '../elements.js';
import { dayText, plural } from '../text.js';

/** Taps of the whole community, day by day. */
export const activity = ({ weekly, isMock, watermark, today }, width) => {
  if (weekly === undefined) return null;
  const days = weekly.recap.community_activity;
  const total = days.reduce((sum, { taps }) => sum + taps, 0);
  const bars = days.map(({ day, taps }) => {
    // Sample data is of no day that was counted, and is all there.
    const uncounted = !isMock && (watermark.as_of_day === null || day > watermark.as_of_day);
    return {
      label:
        days.length > 60
          ? dayText(day, { month: 'short' })
          : days.length > 14
            ? dayText(day, { day: 'numeric', month: 'short' })
            : dayText(day, { weekday: 'short' }),
      text: `${dayText(day)}: ${uncounted ? 'not counted yet' : plural(taps, 'tap')}${day === today && !uncounted ? ' so far' : ''}`,
      value: taps,
      uncounted,
    };
  });
  return [
    element(
      'p',
      { class: 'quiet' },
      `${plural(total, 'tap')} of everybody in ${plural(days.length, 'day')}.${bars.some(({ uncounted }) => uncounted) ? ' A dashed day is not counted yet.' : ''}`,
    ),
    ...barChart({
      chart: 'activity',
      caption: 'Taps of the community by day',
      bars,
      width,
      height: 230,
      every: Math.ceil(days.length / Math.max(3, Math.min(7, Math.floor(width / 62)))),
    }),
  ];
};
