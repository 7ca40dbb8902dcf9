import type { Plugin } from 'esbuild';

export const inlineForBuild: Plugin;
export const inlineForTests: {
  readonly name: string;
  readonly enforce: 'pre';
  resolveId(source: string, importer: string | undefined): string | undefined;
  load(id: string): Promise<string | undefined>;
};
