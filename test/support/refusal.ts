/** Errors by their fields: a sentence is held by one snapshot for each class of message, all else by what it is about. */
import { expect } from 'vitest';

/**
 * Matches an error, for `toThrow` and `toEqual`.
 *
 * @param got the value that is refused, as the message has it
 * @param expected decisive words of what was expected, where `where` may refuse it for several reasons
 */
export function refusal(name: string, where: string, got: string, expected = ''): unknown {
  return expect.objectContaining({ name, where, got, expected: expect.stringContaining(expected) });
}
