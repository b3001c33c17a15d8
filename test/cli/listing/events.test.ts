import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventPrinter } from '../../../src/cli/listing/events.js';
import type { StoreEvent } from '../../../src/index.js';

const EVENT: StoreEvent = {
  type: 'container',
  action: 'die',
  id: 'ab12',
  attributes: { name: 'web', image: 'alpine', exitCode: '3', note: 'a\x1b[31m\n","timeNano":"7"}' },
  time: '2026-01-31T13:00:00.123456789Z',
};

describe('an event', () => {
  it('is docker’s line, on one line whatever labels say', () => {
    const text = eventPrinter(undefined)(EVENT);
    assert.match(
      text,
      /^2026-\d\d-\d\dT\d\d:\d\d:00\.123456789(Z|[+-]\d\d:\d\d) container die ab12 \(exitCode=3, image=alpine, name=web, note=/,
    );
    assert.ok(!text.includes('\x1b') && text.indexOf('\n') === text.length - 1);
    assert.match(eventPrinter('')({ ...EVENT, attributes: {} }), / ab12\n$/);
  });

  it('is docker’s JSON, with all nine digits', () => {
    for (const format of ['json', '{{json .}}']) {
      const text = eventPrinter(format)(EVENT);
      assert.match(text, /,"time":1769864400,"timeNano":1769864400123456789\}\n$/);
      const { timeNano, ...rest } = JSON.parse(text);
      assert.equal(typeof timeNano, 'number');
      assert.deepEqual(rest, {
        status: 'die',
        id: 'ab12',
        from: 'alpine',
        Type: 'container',
        Action: 'die',
        Actor: { ID: 'ab12', Attributes: EVENT.attributes },
        scope: 'local',
        time: 1769864400,
      });
    }
    assert.deepEqual(Object.keys(JSON.parse(eventPrinter('json')({ ...EVENT, type: 'volume' }))).slice(0, 2), ['Type', 'Action']);
  });

  it('is a message for templates, by Go’s names', () => {
    const print = (format: string) => eventPrinter(format)(EVENT);
    assert.equal(print('{{.Type}} {{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}}'), 'container die ab12 web\n');
    assert.equal(print('{{.Status}} {{.From}} {{.Time}} {{.TimeNano}} {{.Scope}}'), 'die alpine 1769864400 1769864400123456789 local\n');
    assert.equal(print('{{index .Actor.Attributes "exitCode"}}\\t{{.ID}}'), '3\tab12\n');
    assert.throws(() => print('{{.Nothing}}'), { code: 'ERR_TSRUN_TEMPLATE' });
  });
});
