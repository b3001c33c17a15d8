import { defineCommand } from '../cli/command.js';
import { DOCTOR } from '../cli/flags/doctor.js';
import { diagnosis } from '../cli/listing/doctor.js';
import { TsrunError } from '../errors.js';

export default defineCommand(DOCTOR, async ({ options, values, stdout, json, endWith }) => {
  const { doctor, doctorAppArmorProfile, doctorSeccompProfile } = await import('../index.js');
  if (values.printApparmorProfile && values.printSeccompProfile)
    throw new TsrunError('ERR_TSRUN_USAGE', 'two profiles cannot be printed at once', { hint: 'call doctor once for each' });
  if (values.printApparmorProfile) {
    const profile = doctorAppArmorProfile();
    if (values.json) json({ profile });
    else stdout.write(profile);
  } else if (values.printSeccompProfile) json(doctorSeccompProfile());
  else {
    const report = await doctor(options);
    if (values.json) json(report);
    else stdout.write(diagnosis(report, stdout.isTerminal ? stdout.columns : Number.POSITIVE_INFINITY));
    endWith(report.runs ? 0 : 1);
  }
});
