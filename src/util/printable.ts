/** Text from outside, made safe for terminals. */

/** What terminals obey: C0, C1, DEL, line separators, and what turns the direction of writing. */
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Text from outside on one line: what a terminal would obey is spelled out, as `\u001b`. */
export function printable(text: string): string {
  return text.replaceAll(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
