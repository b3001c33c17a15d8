/** Sizes as docker writes them (go-units, RAMInBytes): `10m`, `1.5GiB`, `512`. Pure. */

const UNITS = ' kmgtp';

/** In bytes; undefined when it is no size. */
export function parseSize(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text) ?? [];
  const size = Math.floor(Number(number) * 1024 ** UNITS.indexOf(unit.toLowerCase() || ' '));
  return number !== '' && Number.isSafeInteger(size) ? size : undefined;
}
