// Runs inside a cluster's own namespaces, as the child of their first process: furnishes them, keeps the components, and
// answers on a Unix socket (control.ts). When this process ends, the namespaces end, and with them everything in them.
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isComponentName } from './components.ts';
import { actions } from './control.ts';
import { createKeeper } from './keeper.ts';
import { furnishNamespaces } from './namespace.ts';
import { readSpecification } from './specification.ts';

const [file = '', generation] = process.argv.slice(2);
const spec = readSpecification(file);
if (spec.generation !== generation) process.exit(0);

const keeper = createKeeper(spec);
rmSync(spec.control, { force: true });
createServer(answer).listen(spec.control);
await keeper.start(furnishNamespaces);

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, collection, name = '', last = ''] = (request.url ?? '').split('/');
  const action = actions.find((each) => each === last);
  if (request.method === 'GET' && collection === 'status') {
    response.end(line(keeper.state()));
  } else if (request.method === 'GET' && collection === 'started') {
    tellStart(response);
  } else if (request.method === 'POST' && collection === 'components' && isComponentName(name) && action) {
    void keeper.act(name, action).then(
      () => response.end(line({})),
      (error: unknown) =>
        response.end(line({ error: error instanceof Error ? error.message : String(error) })),
    );
  } else {
    response.statusCode = 404;
    response.end(line({ error: `${request.method ?? ''} ${request.url ?? ''} is not known` }));
  }
}

function tellStart(response: ServerResponse): void {
  const tell = (): void => {
    const state = keeper.state();
    response.write(line(state));
    if (state.phase === 'starting') return;
    unwatch();
    response.end();
  };
  const unwatch = keeper.watch(tell);
  response.once('close', unwatch);
  tell();
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
