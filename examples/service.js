/**
 * Colours what is posted to it; one device for all.   node examples/service.js [PORT]
 *   curl --data-binary @old.jpg http://127.0.0.1:8080/ -o colour.jpg
 * 413 for files that are too large, 415 for what is no picture, 503 when enough are waiting. SIGTERM finishes those.
 */
import { createServer } from 'node:http';
import { Colorizer } from 'koalarize';
import sharp from 'sharp';

const [MOST_BYTES, MOST_PIXELS] = [20e6, 40e6];
const MOST_WAITING = 4; // each is held in memory
const LAST = { connection: 'close' };

const colorizer = await Colorizer.load();
let waiting = 0;

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function answer(request) {
  if (request.method !== 'POST') throw new Refusal(405, 'expected POST with a picture as its body');
  if (waiting >= MOST_WAITING) throw new Refusal(503, 'too many pictures are waiting: try again later');
  waiting++;
  try {
    const parts = [];
    let bytes = 0;
    for await (const part of request) {
      bytes += part.length;
      if (bytes > MOST_BYTES) throw new Refusal(413, `expected at most ${MOST_BYTES} bytes`);
      parts.push(part);
    }
    const pixels = sharp(Buffer.concat(parts), { limitInputPixels: MOST_PIXELS }).autoOrient().toColourspace('srgb');
    const decoded = pixels.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    const { data, info } = await decoded.catch((cause) => {
      throw new Refusal(415, `expected a picture of at most ${MOST_PIXELS} pixels, got: ${cause.message}`);
    });
    const { width, height } = info;
    const colour = await colorizer.colorize({ data, width, height }); // calls that overlap take turns
    return await sharp(colour.data, { raw: { width, height, channels: 4 } })
      .removeAlpha()
      .jpeg()
      .toBuffer();
  } finally {
    waiting--;
  }
}

const server = createServer((request, response) => {
  answer(request).then(
    (jpeg) => response.writeHead(200, { 'content-type': 'image/jpeg', ...(!server.listening && LAST) }).end(jpeg),
    ({ status = 500, message }) => response.writeHead(status, LAST).end(`${message}\n`),
  );
});
server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => console.log(`port ${server.address().port}`));
process.once('SIGTERM', () => server.close(() => colorizer.close().then(() => process.exit())));
