import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventFilter } from '../../../src/cli/filter/events.js';
import { parseFilters } from '../../../src/cli/filter/filter.js';
import type { StoreEvent } from '../../../src/index.js';

const ID = 'abc123'.padEnd(64, '0');
const time = '2026-01-31T13:00:00.123456789Z';
const container = (action: StoreEvent['action'], more = {}): StoreEvent => ({
  type: 'container',
  action,
  id: ID,
  attributes: { name: 'web', image: 'alpine:3.20', tier: 'front', ...more },
  time,
});
const EVENTS: Record<string, StoreEvent> = {
  start: container('start'),
  die: container('die', { exitCode: '3' }),
  exec: container('exec_start: ls -l'),
  other: { ...container('start'), id: 'f'.repeat(64), attributes: { name: 'db', image: 'postgres' } },
  pull: { type: 'image', action: 'pull', id: 'alpine:3.20', attributes: { name: 'alpine:3.20' }, time },
  volume: { type: 'volume', action: 'create', id: 'data', attributes: { driver: 'local' }, time },
};

const chosen = (...filters: string[]) => {
  const wanted = eventFilter(parseFilters(filters));
  return Object.keys(EVENTS).filter((name) => wanted(EVENTS[name] as StoreEvent));
};

describe('filters on events', () => {
  it('choose a container by its name or id, or the beginning of either', () => {
    assert.deepEqual(chosen('container=web'), ['start', 'die', 'exec']);
    assert.deepEqual(chosen('container=abc123'), ['start', 'die', 'exec']);
    assert.deepEqual(chosen('container=web', 'container=db'), ['start', 'die', 'exec', 'other']);
    assert.deepEqual(chosen('container=bc123'), []);
  });

  it('choose an action, and those of exec also without their command', () => {
    assert.deepEqual(chosen('event=start'), ['start', 'other']);
    assert.deepEqual(chosen('event=exec_start'), ['exec']);
    assert.deepEqual(chosen('event=exec_start: ls -l'), ['exec']);
    assert.deepEqual(chosen('event=exec'), []);
    assert.deepEqual(chosen('event=start', 'event=die'), ['start', 'die', 'other']);
  });

  it('choose an image with its tag or without, of containers as well', () => {
    assert.deepEqual(chosen('image=alpine'), ['start', 'die', 'exec', 'pull']);
    assert.deepEqual(chosen('image=alpine:3.20', 'type=image'), ['pull']);
    assert.deepEqual(chosen('image=alp'), []);
  });

  it('choose labels, types and volumes; all kinds must hold', () => {
    assert.deepEqual(chosen('label=tier'), ['start', 'die', 'exec']);
    assert.deepEqual(chosen('label=tier=front', 'event=die'), ['die']);
    assert.deepEqual(chosen('label=tier=back'), []);
    assert.deepEqual(chosen('type=volume'), ['volume']);
    assert.deepEqual(chosen('volume=da'), ['volume']);
    assert.deepEqual(chosen('type=network'), []);
  });

  it('that there are not are refused', () => {
    assert.throws(() => chosen('colour=red'), { code: 'ERR_TSRUN_USAGE' });
    assert.throws(() => chosen('type=thing'), { code: 'ERR_TSRUN_USAGE' });
  });
});
