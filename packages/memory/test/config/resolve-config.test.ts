import { expect, test } from 'vitest';
import { isPlimsollError, mib, resolveConfig, variables } from '../../src/index.ts';

test('without options and variables every value is its default, and the limit comes from the cgroup', () => {
  const { config, origins, faults } = resolveConfig({ env: {} });
  for (const row of Object.values(variables)) expect(config[row.option]).toBe(row.default);
  expect(new Set(Object.values(origins))).toEqual(new Set(['default', 'cgroup']));
  expect(faults).toEqual([]);
});

test('an option wins over a variable, and a variable over the default', () => {
  const { config, origins } = resolveConfig({
    options: { externalBytes: mib(7) },
    env: { PLIMSOLL_EXTERNAL: '50MiB', PLIMSOLL_LIMIT: '512Mi', PLIMSOLL_LOG: '' },
  });
  expect([config.externalBytes, config.limitBytes, config.log]).toEqual([mib(7), mib(512), 'json']);
  expect([origins.externalBytes, origins.limitBytes, origins.log]).toEqual(['option', 'env', 'default']);
});

const faulty = {
  PLIMSOLL: 'of',
  PLIMSOLL_LIMIT: '1MiB',
  PLIMSOLL_EXIT_CODE: '12.5',
  PLIMSOLL_INCIDENTDIR: '/very/secret',
};

test('all 4 faults of an environment come in one error that names value, form and fallback', () => {
  try {
    resolveConfig({ env: faulty });
    expect.unreachable();
  } catch (error) {
    if (!isPlimsollError(error, 'ERR_PLIMSOLL_CONFIG')) throw error;
    expect(error.message.split('\n').slice(0, 5)).toEqual([
      'The configuration has 4 faults:',
      '- PLIMSOLL is "of"; expected one of `on`, `dry-run`, `off`; until then on is used.',
      '- PLIMSOLL_LIMIT is "1MiB"; expected a size such as 512MiB, 1.5GiB, 300MB or a count of bytes, at least 16 MiB; until then it counts as not set.',
      '- PLIMSOLL_EXIT_CODE is "12.5"; expected a whole number, 1 to 255; until then 134 is used.',
      '- PLIMSOLL_INCIDENTDIR is not a variable of Plimsoll. Did you mean PLIMSOLL_INCIDENT_DIR?',
    ]);
    expect(error.message).not.toContain('secret');
  }
});

test('with onFault report a bad value falls back and is listed', () => {
  const { config, origins, faults } = resolveConfig({ env: faulty, onFault: 'report' });
  expect([config.mode, config.limitBytes, config.exitCode]).toEqual(['on', null, 134]);
  expect(origins.exitCode).toBe('default');
  expect(faults.map(({ name }) => name)).toEqual(Object.keys(faulty));
});

test('a bad option falls back to the variable, not past it', () => {
  const { config, faults } = resolveConfig({
    options: { exitCode: 0 },
    env: { PLIMSOLL_EXIT_CODE: '3' },
    onFault: 'report',
  });
  expect(config.exitCode).toBe(3);
  expect(faults).toEqual([
    { name: 'exitCode', message: 'exitCode is 0; expected a whole number, 1 to 255; until then 3 is used.' },
  ]);
});

test('what Kubernetes injects for a Service called plimsoll is nobody’s fault', () => {
  const env = {
    PLIMSOLL_SERVICE_HOST: '10.0.0.1',
    PLIMSOLL_SERVICE_PORT: '80',
    PLIMSOLL_SERVICE_PORT_HTTP: '80',
    PLIMSOLL_PORT: 'tcp://10.0.0.1:80',
    PLIMSOLL_PORT_80_TCP: 'tcp://10.0.0.1:80',
    PLIMSOLL_PORT_80_TCP_ADDR: '10.0.0.1',
    PLIMSOLL_API_SERVICE_HOST: '10.0.0.2',
  };
  expect(resolveConfig({ env }).faults).toEqual([]);
});

test('levels of pressure that are out of order fall back together, in one fault', () => {
  const { config, faults } = resolveConfig({ env: { PLIMSOLL_ELEVATED: '95%' }, onFault: 'report' });
  expect([config.elevatedRatio, config.criticalRatio, config.terminalRatio]).toEqual([0.75, 0.9, 0.97]);
  expect(faults).toEqual([
    {
      name: 'PLIMSOLL_ELEVATED',
      message:
        'PLIMSOLL_HYSTERESIS 0.05, PLIMSOLL_ELEVATED 0.95, PLIMSOLL_CRITICAL 0.9, PLIMSOLL_TERMINAL 0.97; expected each to be below the next; until then 0.05, 0.75, 0.9, 0.97 are used.',
    },
  ]);
});

test('a size may be text in an option too, and a misspelt option is a fault', () => {
  const options = { limitBytes: '256Mi', exitcode: 3 };
  const { config, origins, faults } = resolveConfig({ options, env: {}, onFault: 'report' });
  expect([config.limitBytes, origins.limitBytes]).toEqual([mib(256), 'option']);
  expect(faults).toEqual([
    { name: 'exitcode', message: 'exitcode is not an option of Plimsoll. Did you mean exitCode?' },
  ]);
});
