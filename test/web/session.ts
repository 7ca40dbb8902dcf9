/** A page in a browser of its own profile, whose complaints and requests are written down. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Site } from './server.ts';

export interface Session {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Errors and warnings on the console, uncaught errors, answers other than 200. */
  readonly complaints: string[];
  /** Closes it. Nothing may have gone wrong, and nothing been asked of another server. */
  end(): Promise<void>;
}

export async function openSession(browser: Browser, site: Site, options: BrowserContextOptions = {}): Promise<Session> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const strangers: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  context.on('request', (request) => {
    // What is saved goes through a blob's address.
    if (!request.url().startsWith(`${site.origin}/`) && !request.url().startsWith('blob:'))
      strangers.push(request.url());
  });
  context.on('response', (response) => {
    if (response.status() !== 200) complaints.push(`${response.status()} ${response.url()}`);
  });
  const end = async () => {
    await context.close();
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  };
  return { context, page, complaints, end };
}
