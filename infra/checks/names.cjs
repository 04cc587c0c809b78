// Queues, functions and settings that the files name are those of src/FunctionApp.
'use strict';
const { end, filesBelow, functions, problem, read, yaml } = require('./tree.cjs');

const known = functions();
const handlers = known.filter((one) => one.queue !== undefined);
const queues = handlers.map((one) => one.queue);
const settings = new Set(known.flatMap((one) => one.settings));
const objects = filesBelow('infra/kubernetes', /\.yaml$/).flatMap((file) => yaml(file).map((object) => ({ ...object, file })));

// Wherever a function is disabled, there is one of that name.
for (const file of [...filesBelow('infra/kubernetes', /\.yaml$/), ...filesBelow('infra/docker', /./), 'infra/azure/main.bicep']) {
  for (const [, name] of read(file).matchAll(/AzureWebJobs(?:__|\.)(\w+?)(?:__|\.)Disabled/g)) {
    if (!known.some((one) => one.name === name)) {
      problem(file, `there is no function ${name}`);
    }
  }
}

// Every function runs in one deployment.
const runs = new Map(known.map((one) => [one.name, []]));
for (const { metadata, spec, file } of objects.filter((object) => object.kind === 'Deployment')) {
  const { env } = spec.template.spec.containers[0];
  for (const one of known) {
    if (!env.some((entry) => entry.name === `AzureWebJobs__${one.name}__Disabled` && entry.value === 'true')) {
      runs.get(one.name).push(metadata.name);
    }
  }
  for (const setting of settings) {
    if (!env.some((entry) => entry.name === setting && entry.valueFrom?.secretKeyRef !== undefined)) {
      problem(file, `${metadata.name} does not take the setting ${setting} from a secret`);
    }
  }
}
for (const [name, where] of runs) {
  if (where.length !== 1) {
    problem('infra/kubernetes', `the function ${name} runs in ${where.length} deployments (${where.join(', ')})`);
  }
}

// Every queue with a handler scales, and no other.
const scaling = objects.filter((object) => object.kind === 'ScaledObject').flatMap((object) => object.spec.triggers.map((trigger) => trigger.metadata.queueName));
scaling.filter((queue) => !queues.includes(queue)).forEach((queue) => problem('infra/kubernetes', `no function has the queue ${queue}, by which KEDA scales`));
queues.filter((queue) => !scaling.includes(queue)).forEach((queue) => problem('infra/kubernetes', `KEDA does not scale by the queue ${queue}`));

// The app's user may do what the library does: QUEUE, QUEUE.retry.N and QUEUE.dead, and what it publishes to.
const { permissions } = objects.find((object) => object.kind === 'Permission' && object.metadata.name === 'rabbittopics').spec;
const made = queues.flatMap((queue) => [queue, `${queue}.retry.1000`, `${queue}.dead`]).concat('test@amq.topic.delay.5000');
for (const [right, names] of [['configure', [...made, 'FunctionApp.timers']], ['write', [...made, 'amq.topic', 'amq.default']], ['read', [...made, 'amq.topic', 'FunctionApp.timers']]]) {
  names.filter((name) => !new RegExp(permissions[right]).test(name)).forEach((name) => problem('infra/kubernetes', `the app's user has no permission to ${right} ${name}`));
  ['amq.direct', 'else'].filter((name) => new RegExp(permissions[right]).test(name)).forEach((name) => problem('infra/kubernetes', `the app's user may ${right} ${name}`));
}

// Compose and Azure give the app its broker.
const [compose] = yaml('infra/docker/compose.yaml');
for (const setting of settings) {
  if (compose !== undefined && compose.services.app.environment[setting] === undefined) {
    problem('infra/docker/compose.yaml', `the app does not have the setting ${setting}`);
  }
  if (!read('infra/azure/main.bicep').includes(`name: '${setting}'`)) {
    problem('infra/azure/main.bicep', `the app does not have the setting ${setting}`);
  }
}
end();
