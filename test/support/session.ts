import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { launchBrowser } from './browser.ts';
import { built } from './built.ts';
import { type Site, serve } from './server.ts';

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

/** dist/web, as it was built. */
export const WEB_FOLDER = built('web');

/** Serves dist/web to a browser during a file's tests, and opens a page for each of them. */
export function eachInBrowser(options: BrowserContextOptions = {}): { browser: Browser; site: Site; session: Session } {
  const state = {} as { browser: Browser; site: Site; session: Session };
  beforeAll(async () => {
    state.site = await serve(WEB_FOLDER);
    state.browser = await launchBrowser();
  });
  afterAll(async () => {
    await state.browser?.close();
    state.site?.close();
  });
  beforeEach(async () => {
    state.session = await openSession(state.browser, state.site, options);
  });
  afterEach(() => state.session.end());
  return state;
}
