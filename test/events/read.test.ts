/** Events as they lie in the file: appended by several, rotated, damaged. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EVENTS_LIMIT, eventLine, parseEvent, rotatedFile, type StoreEvent } from '../../src/events/event.js';
import { readEvents } from '../../src/events/read.js';
import { recordEvent } from '../../src/events/record.js';
import type { HostPath } from '../../src/paths.js';
import { temporaryDirectory } from '../harness/temporary.js';

const newFile = () => join(temporaryDirectory(), 'events') as HostPath;
const event = (id: string): Omit<StoreEvent, 'time'> => ({ type: 'container', action: 'start', id, attributes: { name: `"${id}"\n` } });
const BEGINNING = '1970-01-01T00:00:00.000000000Z';

async function all(file: HostPath, until = new Date().toISOString().replace('Z', '999999Z')): Promise<string[]> {
  const found: string[] = [];
  for await (const { id } of readEvents(file, { since: BEGINNING, until })) found.push(id);
  return found;
}

describe('the file of events', () => {
  it('gives back what was recorded, one line each, in its order', async () => {
    const file = newFile();
    for (const id of ['a', 'b', 'c']) recordEvent(file, event(id));
    assert.deepEqual(await all(file), ['a', 'b', 'c']);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, 3);
    assert.deepEqual(Object.keys(JSON.parse(lines[0] ?? '')), ['Type', 'Action', 'Actor', 'scope', 'time']);
    assert.match(parseEvent(lines[0] ?? '')?.time ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  });

  it('of a store that cannot be written, or is not there, is none, and that is no failure', async () => {
    const file = newFile();
    mkdirSync(file);
    recordEvent(file, event('a'));
    recordEvent('/nowhere/at/all' as HostPath, event('a'));
    assert.deepEqual(await all('/nowhere/at/all' as HostPath), []);
  });

  it('loses no line but the one that a full disk cut, and none to what attributes say', async () => {
    const file = newFile();
    recordEvent(file, event('cut'));
    truncateSync(file, 60);
    recordEvent(file, { ...event('b'), attributes: { name: '{"Type":"image"' } });
    appendFileSync(file, 'not JSON\n{"Type":1}\n{}\nnull\n');
    recordEvent(file, event('c'));
    assert.deepEqual(await all(file), ['b', 'c']);
  });

  it('is rotated when it is full, and read on over that', async () => {
    const file = newFile();
    recordEvent(file, event('first'));
    const stop = new AbortController();
    const following = readEvents(file, { since: BEGINNING, signal: stop.signal });
    assert.equal((await following.next()).value?.id, 'first');
    appendFileSync(file, `${'x'.repeat(EVENTS_LIMIT)}\n`);
    recordEvent(file, event('second'));
    assert.equal((await following.next()).value?.id, 'second');
    assert.ok(existsSync(rotatedFile(file)));
    assert.deepEqual(await all(file), ['first', 'second']);
    stop.abort();
    await assert.rejects(following.next());
  });

  it('is read whole by who takes his time, also when it is rotated twice meanwhile', async () => {
    const file = newFile();
    const fill = () => appendFileSync(file, `${'x'.repeat(EVENTS_LIMIT)}\n`);
    const ids = ['older', 'newer', 'newest'];
    recordEvent(file, event('older'));
    fill();
    recordEvent(file, event('newer'));
    const following = readEvents(file, { since: BEGINNING });
    const found = [(await following.next()).value?.id];
    fill();
    recordEvent(file, event('newest'));
    while (found.length < ids.length) found.push((await following.next()).value?.id);
    assert.deepEqual(found, ids);
    await following.return(undefined);
  });

  it('has the time of the clock, also when that was set while we ran', (context) => {
    const file = newFile();
    const later = Date.now() + 3_600_000;
    context.mock.method(Date, 'now', () => later);
    recordEvent(file, event('a'));
    const time = parseEvent(readFileSync(file, 'utf8').trimEnd())?.time ?? '';
    assert.equal(time.slice(0, 23), new Date(later).toISOString().slice(0, 23));
  });

  it('is chosen from by time', async () => {
    const file = newFile();
    const at = (second: number) => `2026-01-31T13:00:0${second}.000000000Z`;
    writeFileSync(file, [1, 2, 3].map((n) => `${JSON.stringify(eventLine({ ...event(String(n)), time: at(n) }))}\n`).join(''));
    const found: string[] = [];
    for await (const { id } of readEvents(file, { since: at(2), until: at(2) })) found.push(id);
    assert.deepEqual(found, ['2']);
  });

  it('says no signal of what ended by itself', () => {
    const line = (signal: string) =>
      JSON.stringify(eventLine({ ...event('a'), action: 'die', attributes: { exitCode: '0', signal }, time: BEGINNING }));
    assert.deepEqual(parseEvent(line(''))?.attributes, { exitCode: '0' });
    assert.deepEqual(parseEvent(line('9'))?.attributes, { exitCode: '0', signal: '9' });
  });
});
