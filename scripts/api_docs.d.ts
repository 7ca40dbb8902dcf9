/** One export of the package, as its declaration and doc comment have it. */
export interface Export {
  readonly name: string;
  readonly kind: 'Classes' | 'Functions' | 'Constants' | 'Types';
  /** Whether it is gone when the program runs. */
  readonly typeOnly: boolean;
  /** The paragraphs of its comment. */
  readonly doc: readonly string[];
}

/** The entry points in package.json's order, each with its exports by name. */
export function packageExports(): { readonly name: string; readonly exports: readonly Export[] }[];

/** The text of docs/api.md. */
export function apiReference(): string;
