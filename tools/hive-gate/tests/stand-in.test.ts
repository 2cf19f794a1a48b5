import { describe, expect, it } from 'vitest';
import { standIn } from '../src/lab/stand-in.ts';

const shown = (line: string, up = true): string => {
  const [program = '', ...words] = line.split(' ');
  const what = standIn(program, words, up);
  return what.kind === 'answer' ? `${what.exit} ${what.output.trim()}` : JSON.stringify(what);
};

describe('what stands in for systemctl and docker', () => {
  it.each([
    ['systemctl stop lightningd', '"to":"down"'],
    ['docker stop cln', '"to":"down"'],
    ['docker exec cln lightning-cli getinfo', '"lightning-cli","words":["getinfo"]'],
    ['docker exec -it cln node x.js --manifest', '"run","words":["node","x.js","--manifest"]'],
    ['docker cp a/b cln:/c', '"words":["cp","-R","a/b","/c"]'],
  ])('does %s', (line, expected) => {
    expect(shown(line)).toContain(expected);
  });

  it.each([
    ['systemctl is-active lightningd', true, '0 active'],
    ['systemctl is-active lightningd', false, '3 inactive'],
    ['systemctl start lightningd', true, '0 '],
    ['systemctl stop lightnigd', true, '5 Unit lightnigd could not be found.'],
    ['systemctl reload lightningd', true, '1 systemctl reload lightningd has no stand-in'],
    ['docker inspect -f {{.State.Status}} cln', true, '0 running'],
    ['docker inspect -f {{.State.Status}} cln', false, '0 exited'],
    ['docker inspect -f {{.Name}} cln', true, '1 docker inspect -f {{.Name}} cln has no stand-in'],
    ['docker stop other', true, '1 Error response from daemon: No such container: other'],
    ['docker exec other ls', true, '1 Error response from daemon: No such container: other'],
    ['docker exec cln ls', false, '1 Error response from daemon: container cln is not running'],
    ['docker exec cln docker ps', true, '127 exec: "docker": executable file not found in $PATH'],
    ['docker cp a b', true, '1 must specify at least one container source'],
    ['docker run cln', true, '1 docker run has no stand-in'],
    ['rm -rf x', true, '127 rm: not found'],
  ])('answers %s (up: %s) with %s', (line, up, expected) => {
    expect(shown(line, up)).toBe(expected);
  });
});
