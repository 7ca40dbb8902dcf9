/** Reads files of saved answers, and believes nothing in them unseen: people's files come by mail. */
import { readFile } from 'node:fs/promises';
import { type Answer, FORMAT, type Saved, type Sitting, type Study, VERSION } from '../../evaluation/answers.ts';
import { FormatError } from '../../runtime/errors.ts';
import { readError } from '../../runtime/file_errors.ts';

/** Reads a file that a study's page saved. @throws FormatError, EnvironmentError */
export async function readSaved(path: string): Promise<Saved> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw readError(path, 'a file of saved answers', cause);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(
      { where: path, expected: 'JSON', got: `'${(cause as Error).message}'`, hint: 'is it what the page saved?' },
      { cause },
    );
  }
  return new Checker(path).saved(value);
}

type Fields = Readonly<Record<string, unknown>>;

/** Says of a value where it is not what it should be. */
class Checker {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  saved(value: unknown): Saved {
    const { format, version, study, sittings } = this.#object(value, 'the file');
    this.#expect(format === FORMAT, `format '${FORMAT}'`, format);
    this.#expect(version === VERSION, `version ${VERSION}`, version);
    const checked = this.#study(study);
    this.#expect(Array.isArray(sittings), 'sittings', sittings);
    const all = (sittings as unknown[]).map((sitting) => this.#sitting(sitting, checked));
    return { format: FORMAT, version: VERSION, study: checked, sittings: all };
  }

  #study(value: unknown): Study {
    const { id, pictures, weights, strength, renderSize, smoothing, size, seconds, both } = this.#object(
      value,
      'study',
    );
    this.#expect(typeof id === 'string' && /^[0-9a-f]{12}$/.test(id), 'study.id of 12 hexadecimal digits', id);
    this.#expect(Array.isArray(pictures) && pictures.length > 0, 'study.pictures', pictures);
    for (const picture of pictures as unknown[]) {
      const { sha256, name } = this.#object(picture, 'study.pictures');
      this.#expect(typeof sha256 === 'string' && typeof name === 'string', 'pictures with sha256 and name', picture);
    }
    this.#expect(typeof weights === 'string', 'study.weights', weights);
    for (const number of [strength, renderSize, smoothing ?? 0, size, seconds ?? 0]) {
      this.#expect(typeof number === 'number', 'a number', number);
    }
    this.#expect(typeof both === 'boolean', 'study.both as true or false', both);
    return value as Study;
  }

  #sitting(value: unknown, study: Study): Sitting {
    const { id, person, started, planned, answers } = this.#object(value, 'a sitting');
    this.#expect(typeof id === 'string' && id !== '', 'a sitting with an id', id);
    this.#expect(typeof person === 'string' && typeof started === 'string', 'a sitting with person and start', value);
    this.#expect(Array.isArray(answers), 'a sitting with answers', answers);
    const most = study.pictures.length * (study.both ? 2 : 1);
    this.#expect(planned === most, `${most} planned answers`, planned);
    const known = new Set(study.pictures.map(({ sha256 }) => sha256));
    const seen = new Set<string>();
    for (const answer of answers as unknown[]) {
      const { picture, shown, verdict, ms } = this.#object(answer, 'an answer') as Partial<Answer>;
      this.#expect(typeof picture === 'string' && known.has(picture), 'an answer on a picture of the study', picture);
      this.#expect(shown === 'ours' || shown === 'real', "shown as 'ours' or 'real'", shown);
      this.#expect(verdict === 'fake' || verdict === 'real', "a verdict, 'fake' or 'real'", verdict);
      this.#expect(typeof ms === 'number' && ms >= 0, 'ms of 0 or more', ms);
      const key = study.both ? `${picture} ${shown}` : picture!;
      this.#expect(!seen.has(key), 'each picture once in a sitting', key);
      seen.add(key);
    }
    return value as Sitting;
  }

  #object(value: unknown, what: string): Fields {
    this.#expect(typeof value === 'object' && value !== null && !Array.isArray(value), `${what} as an object`, value);
    return value as Fields;
  }

  #expect(holds: boolean, expected: string, got: unknown): void {
    if (holds) return;
    const text = JSON.stringify(got)?.slice(0, 60);
    throw new FormatError({ where: this.#path, expected, got: text, hint: 'is it what the page saved?' });
  }
}
