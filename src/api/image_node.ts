/** Room `koalarize/image/node`: image files in Node, with what they say beside their pixels. It needs `sharp`. */
export {
  countPages,
  decodeForTraining,
  encodeImage,
  type ImageFile,
  readImage,
  type WriteOptions,
  writeImage,
} from '../image/node.ts';
