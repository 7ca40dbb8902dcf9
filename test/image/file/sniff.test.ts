/** Kinds of image files by how they begin. */
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { kindOfBytes, kindOfExtension } from '../../../src/image/file/sniff.ts';

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test.each(['jpeg', 'png', 'gif', 'webp', 'tiff', 'avif'] as const)('%s, as sharp writes it', async (kind) => {
  const file = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#777' } })
    .toFormat(kind)
    .toBuffer();
  expect(kindOfBytes(file.subarray(0, 32))).toBe(kind);
});

test.each([
  ['bmp', 'BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00'],
  ['heif', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'],
  ['heif', '\0\0\0\x18ftypmif1\0\0\0\0mif1heic'],
  ['avif', '\0\0\0\x18ftypmif1\0\0\0\0mif1avif'],
  ['tiff', 'MM\0*\0\0\0\x08'],
  ['tiff', 'II+\0\x08\0\0\0'],
  ['jp2', '\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 '],
  ['jxl', '\xff\x0a\xfa\x1f'],
  ['svg', '\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a > b -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'],
] as const)('%s, from its specification', (kind, text) => {
  expect(kindOfBytes(bytes(text))).toBe(kind);
});

test.each([
  ['nothing', ''],
  ['a letter', 'BMW is a maker of cars'],
  ['a film', '\0\0\0\x18ftypisom\0\0\0\0isomavc1'],
  ['a sound', 'RIFF\x24\0\0\0WAVEfmt '],
  ['a page with a drawing', '<!doctype html><svg></svg>'],
  ['the beginning of PNG only', '\x89PNG'],
])('%s is no image', (_, text) => {
  expect(kindOfBytes(bytes(text))).toBeUndefined();
});

test('names are told apart in any case', () => {
  expect(['.JFIF', '.Bmp', '.heic', '.tif', '.txt', ''].map(kindOfExtension)).toEqual([
    'jpeg',
    'bmp',
    'heif',
    'tiff',
    undefined,
    undefined,
  ]);
});
