import { boolean, object, optional } from '@cl-hive/core';
import { type Check, defineCheck, fail, type Problem, unknown } from '../check.ts';
import { commitId, list, words } from '../strict.ts';
import { PLUGINS } from './operations.ts';

const release = object({
  /** Files that differ from the commit. */
  changed: list(words),
  /** Release that the workspace names. */
  version: words,
  /** What each built plugin answered for its version when it ran. */
  running: list(object({ plugin: words, version: words })),
});

const buildCheck = defineCheck({
  id: 'R-BUILD',
  gate: 'release',
  title: 'the builds are of this commit and say so',
  why: 'A verdict is about exactly the bytes that were examined.',
  collector: 'release',
  next: 'commit or undo the changes, npm run build, and check again',
  decode: release,
  rule: ({ changed, version, running }, { subject }) => {
    const problems: Problem[] = changed
      .slice(0, 1)
      .map((file) => fail('changed', `${changed.length} files differ from the commit: ${file}`));
    for (const name of PLUGINS) {
      const build = subject.builds.find((found) => found.name === name);
      const answered = running.find(({ plugin }) => plugin === name);
      if (build === undefined || answered === undefined) {
        problems.push(unknown(name, `${name} is not built or did not run`));
      } else if (build.version !== version || answered.version !== version) {
        const told = `its folder says ${build.version}, running it says ${answered.version}`;
        problems.push(fail(name, `${name} is not ${version}: ${told}`));
      }
    }
    return { problems, summary: `${PLUGINS.length} plugins ${version}, tree unchanged` };
  },
});

const tag = object({
  tag: words,
  /** Commit of the tag; absent when there is no such tag. */
  commit: optional(commitId),
  ancestor: boolean,
});

const tagCheck = defineCheck({
  id: 'R-TAG',
  gate: 'release',
  title: 'the baseline release is tagged and an ancestor',
  why: 'A rollback goes to the baseline: it must exist and this release must come from it.',
  collector: 'baseline-tag',
  next: 'git tag the release that nodes run now, and name it as baseline_tag in gates.yaml',
  decode: tag,
  rule: (value, { config }) => {
    const name = config.baseline_tag;
    const problems: Problem[] = [];
    if (value.tag !== name) {
      problems.push(unknown('tag', `the tag ${value.tag} was looked up, not ${name}`));
    } else if (value.commit === undefined) {
      problems.push(fail('tag', `there is no tag ${name}`));
    } else if (!value.ancestor) {
      problems.push(fail('tag', `${name} is not an ancestor of this commit`));
    }
    return { problems, summary: `${name} is ${value.commit?.slice(0, 9) ?? ''}` };
  },
});

export const RELEASE: readonly Check[] = [buildCheck, tagCheck];
