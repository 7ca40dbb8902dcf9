/**
 * Colors what is posted to it; one device for all.   node examples/service.js [PORT]
 *   curl --data-binary @old.jpg http://127.0.0.1:8080/ -o color.jpg
 * 408 for slow senders, 413 for large files, 415 for what is no picture, 503 when many wait. SIGTERM finishes those.
 */
import { createServer } from 'node:http';
import { Colorizer } from 'koalarize';
import sharp from 'sharp';

const [MOST_BYTES, MOST_PIXELS] = [20e6, 40e6];
const [MOST_SENDING, MOST_WAITING] = [32, 4]; // each is held in memory; who sends slowly keeps no other from the device
const SLOWEST = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1000 }; // ms
const LAST = { connection: 'close' };

const colorizer = await Colorizer.load();
let [sending, waiting] = [0, 0];
const refuse = (status, message) => Promise.reject(Object.assign(new Error(message), { status }));

async function bodyOf(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > MOST_BYTES) return refuse(413, `expected at most ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return bytes ? Buffer.concat(parts) : refuse(415, 'expected a picture, got an empty body');
}

async function color(body) {
  const pixels = sharp(body, { limitInputPixels: MOST_PIXELS }).autoOrient().toColourspace('srgb');
  // JPEG has no transparency: what is beneath it would show.
  const decoded = pixels.flatten({ background: '#fff' }).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const expected = `expected a picture of at most ${MOST_PIXELS} pixels`;
  const { data, info } = await decoded.catch(({ message }) => refuse(415, `${expected}, got: ${message}`));
  const { width, height } = info;
  const { data: colored } = await colorizer.colorize({ data, width, height }); // calls that overlap take turns
  const raw = { width, height, channels: 4 };
  return sharp(colored, { raw }).jpeg().toBuffer();
}

async function answer(request) {
  if (request.method !== 'POST') return refuse(405, 'expected POST with a picture as its body');
  if (sending >= MOST_SENDING) return refuse(503, 'too many are sending pictures: try again later');
  sending++;
  const body = await bodyOf(request).finally(() => sending--);
  if (waiting >= MOST_WAITING) return refuse(503, 'too many pictures are waiting: try again later');
  waiting++;
  return color(body).finally(() => waiting--);
}

const server = createServer(SLOWEST, (request, response) => {
  answer(request).then(
    (jpeg) => response.writeHead(200, { 'content-type': 'image/jpeg', ...(!server.listening && LAST) }).end(jpeg),
    ({ status = 500, message }) => response.writeHead(status, LAST).end(`${message}\n`),
  );
});
server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => console.log(`port ${server.address().port}`));
process.once('SIGTERM', () => server.close(() => colorizer.close().then(() => process.exit())));
