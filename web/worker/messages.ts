/** Messages between the page and the worker that colors. */

/** RGBA, 8 bits. */
export interface Pixels {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

export type FileType = 'image/jpeg' | 'image/png';

export type Request =
  /**
   * Get ready: weights from an address, or from a file; and the address of the extractor that they may need. To be sent
   * first; again for other weights.
   */
  | { readonly kind: 'open'; readonly weights: string | File; readonly extractor: string }
  /** Color a photograph. What it is called is for messages. */
  | { readonly kind: 'color'; readonly id: number; readonly file: Blob; readonly name: string }
  /** Draw a photograph at a strength; `before` asks for the original too. Needs no run of the network. */
  | { readonly kind: 'paint'; readonly id: number; readonly strength: number; readonly before: boolean }
  /** Make the file, at full size. */
  | { readonly kind: 'save'; readonly id: number; readonly strength: number; readonly type: FileType }
  | { readonly kind: 'forget'; readonly id: number };

export type Message =
  /** Bytes of weights and extractor so far; `total` is 0 where it is not known. */
  | { readonly kind: 'loading'; readonly loaded: number; readonly total: number }
  | { readonly kind: 'ready'; readonly device: string }
  /** No weights or no device: nothing can be colored, unless with the weights before, which are `kept`. */
  | { readonly kind: 'unusable'; readonly message: string; readonly kept: boolean }
  /** It is decoded, and so can be painted, without colors. */
  | {
      readonly kind: 'read';
      readonly id: number;
      readonly width: number;
      readonly height: number;
      readonly thumbnail: Pixels;
    }
  | {
      readonly kind: 'colored';
      readonly id: number;
      readonly thumbnail: Pixels;
      /** From the file to the colors; and of that, the network. */
      readonly ms: number;
      readonly networkMs: number;
    }
  | { readonly kind: 'painted'; readonly id: number; readonly before?: Pixels; readonly after?: Pixels }
  | { readonly kind: 'saved'; readonly id: number; readonly file: Blob }
  /** A photograph could not be read or colored, or its file not made; `gone` when nothing of it is left. */
  | { readonly kind: 'failed'; readonly id: number; readonly message: string; readonly gone: boolean }
  | { readonly kind: 'notice'; readonly message: string };
