/** --change: what docker's builder makes of the same lines. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { applyChanges, type Changeable } from '../../src/image/change.js';

const SECOND = 1e9;
const SH = ['/bin/sh', '-c'];

/** `<NAME>` as the shell's variable. */
const braced = (text: string) => text.replaceAll('<', '$'.concat('{')).replaceAll('>', '}');

/** What there was, the lines, and what is there then. */
const ROWS: [before: Changeable, changes: string[], after: Changeable][] = [
  [{}, ['CMD ["a", "b c"]'], { Cmd: ['a', 'b c'] }],
  [{}, ['cmd echo "hi" $HOME'], { Cmd: [...SH, 'echo "hi" $HOME'] }],
  [{}, ['CMD=/bin/sh'], { Cmd: [...SH, '/bin/sh'] }],
  [{}, ['CMD []'], { Cmd: [] }],
  [{}, ["CMD ['a']"], { Cmd: [...SH, "['a']"] }],
  [{ Shell: ['/bin/ash', '-ec'] }, ['CMD x'], { Shell: ['/bin/ash', '-ec'], Cmd: ['/bin/ash', '-ec', 'x'] }],
  [{ Cmd: ['old'] }, ['ENTRYPOINT ["/init"]'], { Entrypoint: ['/init'], Cmd: null }],
  [{ Cmd: ['old'] }, ['CMD ["new"]', 'ENTRYPOINT ["/init"]'], { Cmd: ['new'], Entrypoint: ['/init'] }],
  [{ Cmd: ['old'] }, ['ENTRYPOINT ["/init"]', 'CMD ["new"]'], { Entrypoint: ['/init'], Cmd: ['new'] }],
  [{ Env: ['A=1', 'B=2'] }, [braced(`ENV A=x C="y z" D='$A' E=<B>3`)], { Env: ['A=x', 'B=2', 'C=y z', 'D=$A', 'E=23'] }],
  [{ Env: ['A=1'] }, ['ENV P=$A:\\$A', braced('ENV Q=<NONE:-d><A:+set><NONE>')], { Env: ['A=1', 'P=1:$A', 'Q=dset'] }],
  [{}, ['ENV old way of it'], { Env: ['old=way of it'] }],
  [{}, ['EXPOSE 80 443/udp 8000-8001'], { ExposedPorts: { '80/tcp': {}, '443/udp': {}, '8000/tcp': {}, '8001/tcp': {} } }],
  [{ ExposedPorts: { '1/tcp': {} } }, ['EXPOSE 80/TCP'], { ExposedPorts: { '1/tcp': {}, '80/tcp': {} } }],
  [{ Labels: { a: '1' } }, ['LABEL a=2 "b c"="d e"', 'LABEL blue image'], { Labels: { a: '2', 'b c': 'd e', blue: 'image' } }],
  [{}, ['STOPSIGNAL SIGQUIT'], { StopSignal: 'SIGQUIT' }],
  [{ Env: ['U=ada'] }, ['USER $U:wheel'], { Env: ['U=ada'], User: 'ada:wheel' }],
  [{}, ['VOLUME /a /b', 'VOLUME ["/c d"]'], { Volumes: { '/a': {}, '/b': {}, '/c d': {} } }],
  [{}, ['WORKDIR /srv', 'WORKDIR a/../b c'], { WorkingDir: '/srv/b c' }],
  [{}, ['ONBUILD RUN make'], { OnBuild: ['RUN make'] }],
  [{}, ['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
  [
    {},
    ['HEALTHCHECK --interval=5s --timeout=1.5s --start-period=1m --start-interval=1s --retries=2 CMD curl -f x'],
    {
      Healthcheck: {
        Test: ['CMD-SHELL', 'curl -f x'],
        Interval: 5 * SECOND,
        Timeout: 1.5 * SECOND,
        StartPeriod: 60 * SECOND,
        StartInterval: SECOND,
        Retries: 2,
      },
    },
  ],
  [{}, ['HEALTHCHECK CMD ["true"]'], { Healthcheck: { Test: ['CMD', 'true'] } }],
];

for (const [before, changes, after] of ROWS) {
  it(`--change ${changes.join(' --change ')}`, () => assert.deepEqual(applyChanges(before, changes), after));
}

it('a label is a key like others, whatever its name', () => {
  assert.deepEqual(Object.entries(applyChanges({}, ['LABEL __proto__=x']).Labels ?? {}), [['__proto__', 'x']]);
});

const REFUSED: [change: string, why: RegExp][] = [
  ['RUN make', /RUN changes files, or nothing/],
  ['FROM x', /FROM/],
  ['toString x', /TOSTRING/],
  ['', /no instruction/],
  ['CMD', /CMD has no value/],
  ['ENV A', /takes NAME=VALUE/],
  ['ENV A=1 B', /"B" is not NAME=VALUE/],
  ['ENV =x', /name is empty/],
  ['ENV A="x', /not closed/],
  [braced('ENV A=<B%x>'), /no variable that tsrun knows/],
  ['EXPOSE http', /PORT/],
  ['EXPOSE 99999', /--change "EXPOSE 99999"/],
  ['STOPSIGNAL SIGNONE', /not a signal/],
  ['USER a b', /one word/],
  ['ONBUILD FROM x', /FROM cannot be given/],
  ['HEALTHCHECK', /no value/],
  ['HEALTHCHECK CMD', /takes NONE/],
  ['HEALTHCHECK --interval=x CMD y', /a time/],
  ['HEALTHCHECK --often CMD y', /no instruction/],
  ['HEALTHCHECK --retries=-1 CMD y', /a number/],
  ['VOLUME [""]', /empty/],
];

for (const [change, why] of REFUSED) {
  it(`refuses --change ${JSON.stringify(change)}`, () =>
    assert.throws(() => applyChanges({}, [change]), { code: 'ERR_TSRUN_USAGE', message: why }));
}
