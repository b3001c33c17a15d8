/** Names of containers: the one given, or one made from the id, so that it needs no place on disk. */
import { TsrunError } from '../errors.js';

const FIRST =
  'able aged airy apt bold brave brisk calm civil clean clear close cosy crisp deep deft early eager easy even fair fast fine firm fond free fresh full gentle glad good grand great happy hardy high ideal jolly just keen kind large lean light lively lucid lucky merry mild modest neat new nimble noble open pale plain polite prime proud pure quick quiet rapid rare ready rich ripe round safe sharp short shy simple sleek slim smart smooth snug soft solid sound spare spry stable steady still stout strong sunny sure sweet swift tall tame tidy tough true vast warm wise young'.split(
    ' ',
  );
const SECOND =
  'alder anchor aspen badger barge basin bay beacon beech birch bison brook buoy canyon carp cedar chalk cliff clover cobalt comet coral cove crane creek crow cypress dale delta dune eagle elm ember falcon fern finch fir fjord flint forest fox garnet geyser glacier glen grove gull harbor hawk hazel heath heron hill holly ibex iris island ivy jade jay juniper kelp kestrel lagoon lake larch lark laurel lichen linden lynx maple marsh meadow mesa moor moss nova oak opal orbit orchid osprey otter owl palm peak pearl pebble pine plover pond poplar puffin quail quartz rain raven reef ridge river robin rook rowan sage seal shore slate snow spruce stone stork swan thrush tide topaz trout tundra vale valley violet walnut wave willow wren yew'.split(
    ' ',
  );

/** `calm-heron-3f`: the same for the same id, always. */
export function nameOf(id: string): string {
  const number = (from: number) => Number.parseInt(id.slice(from, from + 4), 16);
  return `${FIRST[number(0) % FIRST.length]}-${SECOND[number(4) % SECOND.length]}-${id.slice(8, 10)}`;
}

/** Less than the longest file name: names are links in the store. */
const LONGEST = 128;

/** docker's grammar. @throws ERR_TSRUN_USAGE */
export function checkName(name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/.test(name)) return name;
  if (name.length > LONGEST) {
    throw new TsrunError('ERR_TSRUN_USAGE', `the container name has ${name.length} characters`, {
      subject: name,
      hint: `use at most ${LONGEST}`,
    });
  }
  throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(name)} is not a container name`, {
    subject: name,
    hint: 'use letters, digits, underscores, dots and hyphens; at least two, and a letter or digit first',
  });
}
