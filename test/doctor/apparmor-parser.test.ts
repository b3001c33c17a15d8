/** The profile that doctor prints, read by AppArmor's own parser: no kernel has to have AppArmor for that. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { appArmorProfile } from '../../src/doctor/apparmor.js';
import { execute } from '../harness/process.js';

/** The parser of AppArmor 3 (Debian 12's) knows neither the rule nor the abi that came with 4: for it, and for it alone, they are left out. */
const KNOWS_USERNS = existsSync('/etc/apparmor.d/abi/4.0');

/** To the automaton that finds the programs which the profile is for; nothing is loaded, nothing cached. */
async function parsed(path: string): Promise<string> {
  const text = appArmorProfile({ path, isRoots: false });
  const input = KNOWS_USERNS ? text : text.replace(/^(abi <abi\/4\.0>| {2}userns),$/gm, '');
  if (!KNOWS_USERNS) assert.equal(input.length, text.length - 'abi <abi/4.0>,  userns,'.length);
  const command = ['apparmor_parser', '--skip-kernel-load', '--skip-cache', '--dump=dfa-states'];
  const { code, stderr } = await execute(command, { input, env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } });
  assert.equal(code, 0, stderr);
  return stderr;
}

/** What the automaton takes, when from each of its states there is one way, by one byte. */
function onlyWord(states: string): string {
  const ways = [...states.matchAll(/^\{(\d+)\} perms:.*\n {4}(.*) -> \{(\d+)\}/gm)].map(([, from, by, to]) => [from, { by, to }] as const);
  const next = new Map(ways);
  const bytes: number[] = [];
  for (let way = next.get('1'); way !== undefined; way = next.get(way.to)) bytes.push(byte(way.by));
  assert.equal(ways.length, bytes.length);
  assert.equal(states.match(/^ {4}.* -> \{/gm)?.length, bytes.length, 'no state has two ways');
  return Buffer.from(bytes).toString();
}

function byte(way = ''): number {
  const [, code] = /(?:^| )0x([0-9a-f]{1,2})$/.exec(way) ?? assert.fail(way);
  return Number.parseInt(code ?? '', 16);
}

describe('the AppArmor profile, as its parser reads it', () => {
  for (const path of ['/usr/lib/node_modules/@tsrun/linux-x64/tsrun-helper', '/home/a b/{x,y}*[z]?^"\\n\\tsrun@{HOME}#é$'])
    it(`is for ${path} and for no other program`, async () => {
      assert.equal(onlyWord(await parsed(path)), path);
    });
});
