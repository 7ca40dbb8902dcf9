/** Returns a page of docs/ with its listings as the files are. */
export function withListings(text: string): string;
