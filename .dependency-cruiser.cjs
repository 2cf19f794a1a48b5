// Imports point downwards only (docs/ARCHITECTURE.md). tools/workspace/boundaries.mjs runs these
// rules and also plants a violation of each, so that a checker that reads nothing cannot pass.
const pkg = (name) => `^packages/${name}/`;
const MAY = {
  core: [],
  protocol: ['core'],
  'cln-rpc': ['core'],
  'cln-plugin': ['core', 'cln-rpc'],
  store: ['core'],
  runtime: ['core', 'cln-rpc', 'cln-plugin', 'store'],
  net: ['core'],
  'nostr-transport': ['core', 'net'],
  'planning-kernel': ['core'],
  'plan-orchestrator': ['core'],
  payments: ['core', 'protocol'],
  cashu: ['core', 'net', 'store'],
  readiness: ['core', 'protocol'],
  comms: ['core', 'protocol', 'store'],
  archon: ['core', 'protocol', 'store'],
  hive: ['core', 'protocol', 'store', 'planning-kernel', 'plan-orchestrator'],
};
const down = Object.entries(MAY).map(([name, may]) => ({
  name: `${name}-imports-downwards`,
  severity: 'error',
  from: { path: `${pkg(name)}src/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^(packages|apps|tools)/', pathNot: [pkg(name), ...may.map(pkg)].join('|') },
}));

module.exports = {
  forbidden: [
    ...down,
    {
      name: 'pure-packages-do-no-io',
      severity: 'error',
      from: {
        path: '^packages/(core|protocol|planning-kernel|plan-orchestrator|readiness)/src/',
        pathNot: '\\.test\\.ts$',
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'testkit-only-in-tests-and-lab',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/src/', pathNot: '^packages/testkit/|\\.test\\.ts$' },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'apps-are-not-imported',
      severity: 'error',
      from: { path: '^(packages|tools)/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-do-not-import-each-other',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'declared-dependencies',
      severity: 'error',
      from: { path: '^(packages|apps|tools)/[^/]+/src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(packages|apps|tools)/[^/]+/dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@cl-hive/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.cjs', '.json'],
    },
  },
};
