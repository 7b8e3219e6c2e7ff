const project = (name) => ({
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  testEnvironment: '<rootDir>/test/plain-globals.mjs',
  injectGlobals: false,
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' } }] },
});

export default {
  testSequencer: './test/longest-first.mjs',
  projects: [project('unit'), project('integration'), project('slurm')],
  // Jest takes this from here only; in a project it is accepted and ignored.
  testTimeout: 300_000,
  // On a busy machine, workers that hold hundreds of contexts need more than half a second to end.
  workerGracefulExitTimeout: 30_000,
};
