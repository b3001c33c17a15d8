/** What fsck found, for people. Pure. */
import type { StoreCheck } from '../../index.js';
import { humanSize } from '../units.js';
import { visible } from '../visible.js';

export function checkLines({ checked, findings, leftovers }: StoreCheck): string {
  const lines = findings.map(({ path, problem, hint, repaired }) => visible(`${path}: ${problem}: ${repaired ? 'repaired' : hint}`));
  const { references, blobs, bytes, layers, containers, volumes } = checked;
  const counts = `${references} references, ${blobs} blobs (${humanSize(bytes)}), ${layers} unpacked layers, ${containers} containers, ${volumes} volumes`;
  const left = findings.filter(({ repaired }) => !repaired).length;
  const verdict = findings.length === 0 ? 'no damage' : `${findings.length} damaged, ${findings.length - left} of them repaired`;
  const rest = leftovers === 0 ? '' : `; ${leftovers} leftovers of killed processes, which are no damage`;
  return `${[...lines, `Checked ${counts}: ${verdict}${rest}`].join('\n')}\n`;
}
