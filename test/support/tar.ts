/** Tar archives for tests. */
import { TAR_BLOCK } from '../../src/formats/tar.ts';

/** An archive in the ustar form. */
export function tar(members: readonly (readonly [name: string, content: Uint8Array | string])[]): Buffer {
  const blocks = members.flatMap(([name, content]) => {
    const bytes = Buffer.from(content);
    return [header(name, bytes.length), bytes, Buffer.alloc(-bytes.length & (TAR_BLOCK - 1))];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * TAR_BLOCK)]);
}

/** A header; `size` may be binary. */
export function header(name: string, size: number | Buffer, type = '0', prefix = ''): Buffer {
  const block = Buffer.alloc(TAR_BLOCK);
  block.write(name, 0);
  block.write('0000644\0', 100);
  if (typeof size === 'number') block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  else size.copy(block, 124);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
