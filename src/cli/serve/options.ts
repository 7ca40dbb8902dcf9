/** Options of `koalarize serve`. */
import type { ColorizerOptions } from '../../model/colorizer.ts';
import { OPTIONS as COLORIZE, loadOptions } from '../colorize/options.ts';
import { EXTRACTOR_HELP, INCEPTION_DETAILS_HELP, INCEPTION_OPTIONS } from '../shared/inception.ts';
import { UsageError } from '../shared/messages.ts';
import { flag, integer, parseOptions, text } from '../shared/options.ts';

export const HELP = `Colors photographs that are posted to it: an HTTP service, with one device for all.

  koalarize serve [options]
  curl --data-binary @old.jpg http://127.0.0.1:8080/colorize -o color.jpg

POST /colorize?strength=1.2&format=png answers the picture in the body, colored. The query takes the options of
'koalarize colorize' that are about a picture: strength, upsampling, render-size, quality, smoothing, border, keep-color, no-mark;
and format and page. GET /health, /ready, /metrics (Prometheus) and /openapi.json say how it is and what it takes.
SIGTERM and SIGINT: takes no more, finishes what it took, and ends; once more ends it at once.

  --port N             0 for any that is free     [8080]
  --host H             the address to listen at; others than this machine's own demand a token     [127.0.0.1]
  --token T            what requests must bear (Authorization: Bearer T), 16 characters or more; better given as
                       KOALARIZE_TOKEN, since who else is on this machine sees arguments
  --queue N            pictures that may wait; more are refused (503)     [16]
  --max-bytes N        of a picture file (413)     [20000000]
  --max-pixels N       of a picture, as its header says (413)     [40000000]
  --timeout S          seconds in which a request's body must be there, and its answer taken     [60]
  --page               serve the web page too, at /
  --weights FILE       other weights, as 'koalarize train' writes them
${EXTRACTOR_HELP}${INCEPTION_DETAILS_HELP}                       These four are in the weights: what is given must be the same
  --adapter A          auto, hardware, software, bundled, or part of a device's name     [auto]
  --tune               measure which algorithms are the fastest on this device, for each size of picture
  --precision P        f32, or f16     [f32]
  --verbose            print dispatches and memory plan of each network that is compiled

Exit code: 0 stopped as asked, 1 failed (no device, a device that was lost, an address that is taken), 2 wrong usage.
docs/serve.md has examples, a systemd unit and a container.
`;

const { weights, adapter, tune, precision, verbose } = COLORIZE;
const OPTIONS = {
  port: integer(0, 65535),
  host: text(),
  token: text(),
  queue: integer(0, 10_000),
  'max-bytes': integer(1, 1_000_000_000),
  'max-pixels': integer(1, 268_402_689),
  timeout: integer(1, 3600),
  page: flag(),
  weights,
  ...INCEPTION_OPTIONS,
  adapter,
  tune,
  precision,
  verbose,
} as const;

export interface ServeRequest {
  readonly port: number;
  readonly host: string;
  readonly token: string | undefined;
  readonly queue: number;
  readonly maxBytes: number;
  readonly maxPixels: number;
  /** Seconds. */
  readonly timeout: number;
  readonly page: boolean;
  /** For `Colorizer.load`. */
  readonly load: ColorizerOptions;
}

/** This machine's own addresses. */
const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/;
/** Characters of a token: 16 random letters and digits are more than can be tried. */
const TOKEN = /^[\x21-\x7e]{16,}$/;

/** Reads the arguments. @returns undefined where help is asked for. @throws UsageError */
export function readArguments(argv: readonly string[], env: NodeJS.ProcessEnv): ServeRequest | undefined {
  const asked = parseOptions(OPTIONS, argv);
  if (asked.help) return undefined;
  const { values, words } = asked;
  if (words.length) throw new UsageError({ expected: 'options', got: `'${words[0]}'` });
  const { host = '127.0.0.1', token = env.KOALARIZE_TOKEN } = values;
  if (token !== undefined && !TOKEN.test(token)) {
    throw new UsageError({
      where: '--token or KOALARIZE_TOKEN',
      expected: '16 or more letters, digits and signs',
      got: 'another text',
    });
  }
  if (token === undefined && !LOOPBACK.test(host)) {
    throw new UsageError(
      `--host ${host}: expected --token T or KOALARIZE_TOKEN for others than this machine, got none`,
    );
  }
  return {
    port: values.port ?? 8080,
    host,
    token,
    queue: values.queue ?? 16,
    maxBytes: values['max-bytes'] ?? 20_000_000,
    maxPixels: values['max-pixels'] ?? 40_000_000,
    timeout: values.timeout ?? 60,
    page: values.page ?? false,
    load: loadOptions(values),
  };
}
