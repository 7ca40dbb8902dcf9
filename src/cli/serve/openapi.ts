/** OpenAPI 3.1 description of the service, made of the tables that it works by. */
import { FORMATS, QUERY_SCHEMAS } from './query.ts';
import { REFUSALS, type RefusalStatus } from './refusal.ts';

const ERROR = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['expected', 'got'],
      properties: {
        where: { type: 'string', description: 'The option, header or part of the request.' },
        expected: { type: 'string' },
        got: { type: 'string' },
        hint: { type: 'string', description: 'What to do.' },
      },
    },
  },
};

/** What the refusals' headers say. */
const HEADERS: Partial<Record<RefusalStatus, string>> = {
  401: 'WWW-Authenticate',
  405: 'Allow',
  503: 'Retry-After',
};

/** @param secured whether a token is demanded */
export function openapi(version: string, secured: boolean): object {
  const binary = { schema: { type: 'string', contentMediaType: 'application/octet-stream' } };
  const text = (description: string, schema: object = { type: 'string' }) => ({ description, schema });
  const colored = {
    description: 'The colored picture: same size, its own lightness.',
    content: Object.fromEntries(FORMATS.map((format) => [`image/${format}`, binary])),
    headers: {
      'Koalarize-Warnings': text('JSON list of lines: damage read past, what the format cannot hold.'),
      'Koalarize-Border': text('Pixels of the border that was left neutral: top right bottom left.'),
      'Koalarize-Corners': text(
        'Radii of the round corners inside of it, in pixels: across down. An oval is all corner.',
      ),
    },
  };
  const security = secured ? { security: [{ token: [] }] } : {};
  const get = (summary: string, type: string, refusals: readonly RefusalStatus[], more: object = {}) => ({
    get: {
      summary,
      responses: { 200: { description: 'OK', content: { [type]: {} } }, ...refusalsOf(refusals) },
      ...more,
    },
  });
  const all = (Object.keys(REFUSALS).map(Number) as RefusalStatus[]).filter((status) => status !== 404);
  const general: RefusalStatus[] = [400, 405, 408, 417, 431];
  return {
    openapi: '3.1.0',
    info: { title: 'Koalarize', summary: 'Colors black-and-white photographs.', version, license: { name: 'MIT' } },
    paths: {
      '/colorize': {
        post: {
          summary: 'Colors the picture that is the body.',
          parameters: Object.entries(QUERY_SCHEMAS).map(([name, each]) => ({ name, in: 'query', ...each })),
          requestBody: { required: true, content: { 'image/*': binary, 'application/octet-stream': binary } },
          responses: { 200: colored, ...refusalsOf(secured ? all : all.filter((status) => status !== 401)) },
          ...security,
        },
      },
      '/health': get('Is the process alive?', 'application/json', general),
      '/ready': get('Are pictures taken?', 'application/json', [...general, 503]),
      '/metrics': get('Prometheus metrics.', 'text/plain', [...(secured ? [401 as const] : []), ...general], security),
      '/openapi.json': get('This description.', 'application/json', general),
    },
    components: {
      schemas: { Error: ERROR },
      ...(secured && { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }),
    },
  };
}

function refusalsOf(statuses: readonly RefusalStatus[]): object {
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  return Object.fromEntries(
    statuses.map((status) => {
      const name = HEADERS[status];
      const headers = name && { headers: { [name]: { schema: { type: 'string' } } } };
      return [status, { description: REFUSALS[status], content, ...headers }];
    }),
  );
}
