/** `--uidmap` and `--gidmap`: words about ids → lines of a map. Pure. */
import { TsrunError } from '../errors.js';
import { type HostRange, slice, total, within } from './id-ranges.js';
import type { IdRange } from './idmap-form.js';
import type { MapWord } from './userns.js';

/**
 * @param own the ids that the caller may give away: FROM counts in them
 * @throws ERR_TSRUN_ID_MAP for one that is not his, ERR_TSRUN_USAGE for a map that no container could use
 */
export function explicitLines(words: readonly MapWord[], own: readonly HostRange[], flag: string): IdRange[] {
  return lines(words, flag, ({ from, size, host }) => {
    const pieces = host
      ? within(
          [{ start: from, size }],
          own.map(({ start, size: count }) => ({ inside: start, outside: 0, size: count })),
        )
      : slice(own, from, size);
    if (total(pieces) === size) return pieces;
    throw new TsrunError('ERR_TSRUN_ID_MAP', `${flag}: ${host ? '@' : ''}${from} and the ${size - 1} ids behind it are not all yours`, {
      subject: String(from),
      hint: `you have ${total(own)}: 0 is you, the others are your subordinate ids; @ before FROM names them as the host does`,
    });
  });
}

/** Root's FROM is an id of the host in any case. @param own the ids that this user namespace has */
export function explicitHostLines(words: readonly MapWord[], own: readonly HostRange[], flag: string): IdRange[] {
  return explicitLines(
    words.map((word) => ({ ...word, host: true })),
    own,
    flag,
  );
}

function lines(words: readonly MapWord[], flag: string, hostIds: (word: MapWord) => HostRange[]): IdRange[] {
  if (!words.some(({ containerId }) => containerId === 0))
    throw new TsrunError('ERR_TSRUN_USAGE', `${flag}: the map has no id 0, which owns the files of images`, {
      subject: flag,
      hint: `give it, too: ${flag} 0:FROM:SIZE`,
    });
  const all = words.flatMap((word) => {
    let { containerId } = word;
    return hostIds(word).map(({ start, size }) => {
      const line = { containerId, hostId: start, size };
      containerId += size;
      return line;
    });
  });
  const sorted = [...all].sort((a, b) => a.hostId - b.hostId);
  const twice = sorted.find((line, index) => {
    const before = sorted[index - 1];
    return before !== undefined && before.hostId + before.size > line.hostId;
  });
  if (twice === undefined) return all;
  throw new TsrunError('ERR_TSRUN_USAGE', `${flag}: id ${twice.hostId} of the host is given twice`, {
    subject: String(twice.hostId),
    hint: 'one id can be one only: name each once',
  });
}
