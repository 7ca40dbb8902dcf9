/**
 * Colors a file through a service that runs: koalarize serve.   node examples/service.js IN OUT [ADDRESS] [key=value …]
 *   node examples/service.js old.jpg color.png http://127.0.0.1:8080 format=png strength=1.2
 * Where the service has a token, it is in KOALARIZE_TOKEN.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

const [from, to, address = 'http://127.0.0.1:8080', ...options] = process.argv.slice(2);
const { KOALARIZE_TOKEN: token } = process.env;
const request = {
  method: 'POST',
  body: await readFile(from),
  headers: token ? { authorization: `Bearer ${token}` } : {},
};

for (;;) {
  const answer = await fetch(new URL(`/colorize?${options.join('&')}`, address), request);
  if (answer.ok) {
    for (const line of JSON.parse(answer.headers.get('koalarize-warnings') ?? '[]')) console.warn(line);
    await writeFile(to, new Uint8Array(await answer.arrayBuffer()));
    console.log(`${to}: ${answer.headers.get('content-type')}`);
    break;
  }
  const { error } = await answer.json();
  if (answer.status !== 503) throw new Error(`${answer.status}: expected ${error.expected}, got ${error.got}`);
  await setTimeout(1000 * Number(answer.headers.get('retry-after'))); // Many are waiting: later.
}
