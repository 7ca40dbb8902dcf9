/** Rates and their intervals, for the page and for the command line. */
import type { Answer, Kind } from './answers.ts';

/** A share of answers, with the 95 % interval of Wilson's score; null where nothing was asked. */
export interface Rate {
  readonly count: number;
  readonly of: number;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** The standard normal's 97.5th percentile. */
const Z = 1.959963984540054;

/**
 * The interval of Wilson's score for a share, without correction for continuity (E. B. Wilson, "Probable inference, the
 * law of succession, and statistical inference", 1927). It takes the answers to be independent of each other.
 */
export function wilson(count: number, of: number, z = Z): Rate {
  if (of === 0) return { count, of, value: null, low: null, high: null };
  const value = count / of;
  const middle = (count + z ** 2 / 2) / (of + z ** 2);
  const half = (z / (of + z ** 2)) * Math.sqrt((count * (of - count)) / of + z ** 2 / 4);
  // Exact at the ends, where rounding would leave a trace.
  return { count, of, value, low: count === 0 ? 0 : middle - half, high: count === of ? 1 : middle + half };
}

/** What is asked of any set of answers. */
export interface Rates {
  /** Ours that were taken for real: what a colorizer is after. */
  readonly ours: Rate;
  /** Real ones that were taken for real: what the best colorizer could hope for. */
  readonly real: Rate;
  /** Answers that were right; a half is what guessing gets. */
  readonly right: Rate;
}

/** Counts answers. */
export function ratesOf(answers: readonly Answer[]): Rates {
  const taken = (kind: Kind) => {
    const shown = answers.filter((answer) => answer.shown === kind);
    return wilson(shown.filter(({ verdict }) => verdict === 'real').length, shown.length);
  };
  return { ours: taken('ours'), real: taken('real'), right: wilson(answers.filter(isRight).length, answers.length) };
}

/** Whether an answer is right. */
export function isRight({ shown, verdict }: Answer): boolean {
  return (shown === 'real') === (verdict === 'real');
}

/** `42 %`, or a dash. */
export function percent(share: number | null): string {
  return share === null ? '–' : `${(100 * share).toFixed(0)} %`;
}

/** `7 of 12: 58 % (32…81)`. */
export function rateText({ count, of, value, low, high }: Rate): string {
  if (value === null) return 'none asked';
  return `${count} of ${of}: ${percent(value)} (${intervalText(low, high)})`;
}

/** `32…81`, in percent. */
export function intervalText(low: number | null, high: number | null): string {
  return low === null || high === null ? '–' : `${(100 * low).toFixed(0)}…${(100 * high).toFixed(0)}`;
}
